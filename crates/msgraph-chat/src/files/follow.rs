//! Downloads. Source: Graph, "Download driveItem content".

use ms_messenger_core::{Deadline, Delivery, Error, Result};
use ms_messenger_http::{Bytes, Call, Download, HttpRequest, Method, Operation};

use super::{
    address::DirectAddress,
    lane::{Lane, Patience, not_found},
};
use crate::{client::GraphChatClient, error::PLATFORM, paths::CheckedPath};

/// The status with which the service refers to the address of the contents.
const FOUND: &[u16] = &[302];

impl GraphChatClient {
    /// Downloads what `path` refers to. The service refers to an address that needs no token, and
    /// none is sent there: it may be on another host.
    pub(super) async fn follow(
        &self,
        operation: &'static Operation,
        path: CheckedPath,
    ) -> Result<Download> {
        let call: Call = path.call(operation)?.with_expected(FOUND);
        let download = self.pipeline().download(call).await?;
        let Some(location) = download.header("location") else {
            // A service that has the contents at hand refers to no other address.
            return Ok(download);
        };
        let address = DirectAddress::parse(location, self.pipeline().endpoint())?;
        let deadline = Deadline::default();
        let lane = Lane {
            client: self,
            deadline: &deadline,
        };
        self.download_from(&address, lane.patience()).await
    }

    async fn download_from(
        &self,
        address: &DirectAddress,
        mut patience: Patience<'_>,
    ) -> Result<Download> {
        loop {
            let request = HttpRequest::new(Method::GET, address.url(), Bytes::new());
            let error: Error = match self.http().download(request).await {
                Ok(download) if download.header("location").is_some() => {
                    return Err(not_found("the address of the file refers to another one"));
                }
                Ok(download) => return Ok(download.with_platform(PLATFORM)),
                Err(error) => error
                    .with_delivery(Delivery::NotSent)
                    .with_platform(PLATFORM),
            };
            if !error.is_transient() || !patience.wait(error.retry_after()).await? {
                return Err(error);
            }
        }
    }
}
