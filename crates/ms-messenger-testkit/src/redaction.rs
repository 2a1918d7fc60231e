//! Nothing that was printed in the run contains a secret or a content.

use crate::{Rule, Subject, suite::Suite};

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::NoSecrets);
    let messenger = &suite.messenger;
    let text = format!("{messenger:?}{messenger:#?}");
    suite.print("Debug of the messenger", text);
    let secrets: Vec<String> = suite.subject.secrets();
    suite.expect(secrets.iter().all(|secret| !secret.is_empty()), || {
        "the subject lists an empty secret".to_owned()
    });
    if secrets.is_empty() {
        suite.skip("the subject lists no secrets");
    }
    for what in suite.prints_of(&secrets) {
        suite.fail(format!("{what} shows a secret"));
    }
    suite.begin(Rule::NoContent);
    for what in suite.prints_of(&suite.contents()) {
        suite.fail(format!("{what} shows the content of a message"));
    }
}
