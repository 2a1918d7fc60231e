//! Autodiscovery: the root, and the user with the address of the applications.

use serde_json::{Value, json};

use super::answers::resource;
use super::desk::Desk;
use super::hrefs::APPLICATIONS;
use super::time::UcwaTopology;
use crate::answer::Answer;
use crate::faults::UcwaFault;
use crate::inbound::Inbound;
use crate::shared::Shared;

const SERVICE: &str = "/Autodiscover/AutodiscoverService.svc/root";

/// The same emulator under its other name: another host to a client, and to a ticket.
fn other_origin(inbound: &Inbound) -> String {
    let host = inbound.host();
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let other = if name == "localhost" {
        "127.0.0.1"
    } else {
        "localhost"
    };
    inbound.origin().replace(host, &format!("{other}:{port}"))
}

fn domain(inbound: &Inbound) -> String {
    let domain = inbound
        .query
        .value("originalDomain")
        .unwrap_or("contoso.test");
    format!("originalDomain={domain}")
}

fn redirect(inbound: &Inbound, path: &str, href: &Option<String>) -> Value {
    let other = || format!("{}{path}?{}", other_origin(inbound), domain(inbound));
    let href = href.clone().unwrap_or_else(other);
    json!({"_links": {"redirect": {"href": href}}})
}

/// The root. It needs no ticket.
pub(super) fn root(shared: &Shared, inbound: &Inbound, fault: Option<&UcwaFault>) -> Answer {
    // The redirect names the domain; who comes by it is at the right place.
    let is_first = inbound.query.value("originalDomain").is_none();
    if shared.settings.ucwa.topology == UcwaTopology::Redirect && is_first {
        return resource(&redirect(inbound, SERVICE, &None));
    }
    if let Some(UcwaFault::DiscoveryRedirect { href }) = fault {
        return resource(&redirect(inbound, SERVICE, href));
    }
    let origin = inbound.origin();
    let domain = domain(inbound);
    resource(&json!({
        "_links": {
            "self": {"href": format!("{origin}{SERVICE}?{domain}")},
            "user": {"href": format!("{origin}{SERVICE}/oauth/user?{domain}")},
            "xframe": {"href": format!("{origin}/Autodiscover/XFrame/XFrame.html")},
        },
    }))
}

/// The user, once the ticket is good.
pub(super) fn user(desk: &mut Desk<'_>, inbound: &Inbound, fault: Option<&UcwaFault>) -> Answer {
    let origin = inbound.origin();
    let pool = match fault {
        Some(UcwaFault::DiscoveryRedirect { href }) => {
            let path = format!("{SERVICE}/oauth/user");
            return resource(&redirect(inbound, &path, href));
        }
        other
            if other == Some(&UcwaFault::PoolSplit)
                || desk.shared.settings.ucwa.topology == UcwaTopology::TwoPools =>
        {
            desk.store.bind_ticket(inbound);
            other_origin(inbound)
        }
        _ => origin.clone(),
    };
    resource(&json!({
        "_links": {
            "self": {"href": format!("{origin}{SERVICE}/user")},
            "applications": {"href": format!("{pool}{APPLICATIONS}")},
            "xframe": {"href": format!("{origin}/Autodiscover/XFrame/XFrame.html")},
        },
    }))
}
