//! Sends one Graph message with reqwest alone: `bare-reqwest BASE TOKEN CHAT TEXT`.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base, token, chat, text] = args.as_slice() else {
        return Err("usage: bare-reqwest BASE TOKEN CHAT TEXT".into());
    };
    let client = bare_reqwest::client(None)?;
    let posted = bare_reqwest::send_graph(&client, base, token, chat, text).await?;
    println!("{}", posted.id);
    Ok(())
}
