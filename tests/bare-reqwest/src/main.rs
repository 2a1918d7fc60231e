//! Sends one Graph message with reqwest alone: `bare-reqwest BASE TOKEN CHAT TEXT`.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base, token, chat, text] = args.as_slice() else {
        return Err("usage: bare-reqwest BASE TOKEN CHAT TEXT".into());
    };
    const ID: &str = "0f0eb78e-a576-1dfc-b414-0f0756de3338";
    let client = bare_reqwest::client(None)?;
    let posted = bare_reqwest::send_graph(&client, base, token, chat, text, ID).await?;
    println!("{}", posted.id);
    Ok(())
}
