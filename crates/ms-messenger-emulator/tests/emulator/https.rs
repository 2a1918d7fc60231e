//! HTTPS from outside: HTTP/1.1 and HTTP/2 with the authority as an extra root.

use std::error::Error;
use std::net::SocketAddr;

use ms_messenger_emulator::{Emulator, StartError};
use reqwest::{Certificate, Client, Version};

type Test = Result<(), Box<dyn Error>>;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn client(emulator: &Emulator, http1_only: bool) -> Result<Client, Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pem = emulator.ca_pem().ok_or("no authority")?;
    let root = Certificate::from_pem(pem.as_bytes())?;
    let builder = Client::builder().tls_certs_only([root]).no_proxy();
    Ok(if http1_only {
        builder.http1_only()
    } else {
        builder
    }
    .build()?)
}

#[tokio::test]
async fn both_protocols_share_the_state_and_return_https_links() -> Test {
    let emulator = Emulator::builder().with_https_address(ANY).start().await?;
    let https = emulator.https_url().ok_or("no https")?;
    for (http1_only, version) in [(true, Version::HTTP_11), (false, Version::HTTP_2)] {
        let client = client(&emulator, http1_only)?;
        let response = client
            .get(format!("{https}/_emulator/stats"))
            .send()
            .await?;
        assert_eq!(
            (response.version(), response.status().as_u16()),
            (version, 200)
        );
        let discovery = format!("{https}/Autodiscover/AutodiscoverService.svc/root");
        let links = client.get(discovery).send().await?.text().await?;
        assert!(links.contains(https), "{links}");
        assert!(!links.contains("href=\"http://"), "{links}");
    }
    assert_eq!(emulator.ready_line()["https"], https);
    Ok(())
}

#[tokio::test]
async fn writes_the_authority_and_never_a_key() -> Test {
    let path = std::env::temp_dir().join(format!("emulator-ca-{}.pem", std::process::id()));
    std::fs::write(&path, "old")?;
    let builder = Emulator::builder()
        .with_https_address(ANY)
        .with_ca_out(&path);
    let emulator = builder.start().await?;
    let written = std::fs::read_to_string(&path)?;
    std::fs::remove_file(&path)?;
    assert_eq!(Some(written.as_str()), emulator.ca_pem());
    assert!(written.starts_with("-----BEGIN CERTIFICATE") && !written.contains("KEY"));
    assert_eq!(emulator.ready_line()["ca"], path.to_string_lossy().as_ref());
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn the_authority_replaces_what_a_link_leads_to_and_no_pipe() -> Test {
    let folder = std::env::temp_dir().join(format!("emulator-ca-out-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let [file, link, pipe] = ["file", "link", "pipe"].map(|it| folder.join(it));
    std::fs::write(&file, "old")?;
    std::os::unix::fs::symlink("file", &link)?;
    let builder = || Emulator::builder().with_https_address(ANY);
    let emulator = builder().with_ca_out(&link).start().await?;
    assert!(link.is_symlink());
    assert_eq!(Some(&*std::fs::read_to_string(&file)?), emulator.ca_pem());

    let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
    assert!(made.success());
    let error = builder().with_ca_out(&pipe).start().await.unwrap_err();
    let StartError::CaOut { source, .. } = error else {
        return Err(error.into());
    };
    assert_eq!(source.to_string(), "it is no regular file");
    assert!(!pipe.metadata()?.is_file());
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[tokio::test]
async fn addresses_other_than_loopback_are_rejected() {
    let started = Emulator::builder()
        .with_https_address(([0, 0, 0, 0], 0).into())
        .start()
        .await;
    assert!(matches!(started, Err(StartError::NotLoopback(_))));
}
