//! The start of an emulator: listeners, certificates, services.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    sync::Arc,
};

use crate::{
    builder::EmulatorBuilder,
    data::{DataFile, Kept},
    emulator::Emulator,
    engine::{
        description::Description, faults::rule::Faults, journal::Journal, mounted::Mounted,
        push::address::Address, registry::Registry, resources::Engine, settings::Settings,
    },
    https::Https,
    mount::{self, Parts, ServiceSettings},
    running::{self, Listening, World},
    seed::Seed,
    start_error::StartError,
    wire::tls::{self, Tls},
};

impl EmulatorBuilder {
    /// Binds the listeners and starts to serve.
    ///
    /// The emulator runs on its own threads: it does not need the caller's runtime, and continues
    /// to serve while that is blocked or its clock is paused.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a setting is invalid, if an address is not loopback or cannot be bound, or
    /// if the system provides no threads.
    pub async fn start(mut self) -> Result<Emulator, StartError> {
        self.check()?;
        self.settings.on_message = self.receiver()?;
        let kept = self.kept()?;
        for address in [Some(self.http), self.https].into_iter().flatten() {
            if !address.ip().is_loopback() && !address.ip().is_unspecified() {
                self.settings.hosts.push(address.ip().to_string());
            }
        }
        let (listener, port) = listen(self.http, self.settings.is_open)?;
        let authority = authority(self.http.ip(), port, &self.settings.hosts);
        let mut listeners = vec![(listener, None)];
        let https = self.https(&mut listeners)?;
        let seed = Arc::new(Seed::new(
            self.settings.seed,
            &format!("http://{authority}"),
        ));
        let registry = mount(
            self.settings,
            self.faults,
            authority,
            &seed,
            &self.services,
            self.own,
            kept.as_ref().map(|kept| Arc::clone(&kept.journal)),
        );
        let world = World {
            registry,
            seed,
            kept,
        };
        running::run(listeners, https, world, self.workers).await
    }

    /// The journal of the data file, if there is one, and what is in it.
    fn kept(&self) -> Result<Option<Kept>, StartError> {
        let Some(path) = &self.data else {
            return Ok(None);
        };
        let (seed, is_strict) = (self.settings.seed, self.settings.is_strict);
        let (file, entries) = DataFile::open(path, seed, is_strict)?;
        let services = self.descriptions();
        let rows_alone = services.filter(|service| service.keeping.keeps_rows_alone());
        let rows_alone = rows_alone.map(|service| service.platform()).collect();
        Ok(Some(Kept {
            file: Arc::new(file),
            journal: Arc::new(Journal::new(rows_alone)),
            entries,
        }))
    }

    /// The descriptions of all services that are to be mounted.
    fn descriptions(&self) -> impl Iterator<Item = Description> {
        let own = self.own.iter().map(|own| own.service.description());
        mount::descriptions().into_iter().chain(own)
    }

    /// Adds the HTTPS listener, if there is to be one.
    fn https(&mut self, listeners: &mut Vec<Listening>) -> Result<Option<Https>, StartError> {
        let Some(address) = self.https else {
            return Ok(None);
        };
        let hosts = &self.settings.hosts;
        let (listener, port) = listen(address, self.settings.is_open)?;
        let tls = Tls::new(hosts).map_err(StartError::Certificates)?;
        let ca_out = self.ca_out.take();
        if let Some(path) = &ca_out {
            let failed = |source| StartError::CaOut {
                path: path.clone(),
                source,
            };
            tls::write_atomically(path, &tls.ca_pem).map_err(failed)?;
        }
        listeners.push((listener, Some(tls.acceptor)));
        let url = if address.ip().is_loopback() {
            // By name: the address is in the certificate too, but some stacks verify names only.
            format!("https://localhost:{port}")
        } else {
            format!("https://{}", authority(address.ip(), port, hosts))
        };
        Ok(Some(Https {
            url,
            ca_pem: tls.ca_pem,
            ca_out,
        }))
    }

    /// Where each stored message is posted.
    fn receiver(&self) -> Result<Option<Address>, StartError> {
        let Some(url) = &self.on_message else {
            return Ok(None);
        };
        let read = Address::parse_permitted(url, &self.receivers);
        read.map(Some).map_err(|rule| StartError::Setting {
            name: "on message",
            rule,
        })
    }
}

/// The engine with all services on it.
fn mount(
    settings: Settings,
    faults: Faults,
    authority: String,
    seed: &Arc<Seed>,
    services: &ServiceSettings,
    own: Vec<Mounted>,
    journal: Option<Arc<Journal>>,
) -> Arc<Registry> {
    let built_in = mount::descriptions().into_iter();
    let all = built_in.chain(own.iter().map(|own| own.service.description()));
    let platforms = all.map(|service| service.platform());
    let key = seed.tokens().clone();
    let engine = Engine::new(settings, platforms, key, authority, faults);
    let engine = Arc::new(engine.with_journal(journal));
    let mut mounted = mount::services(&Parts {
        engine: &engine,
        seed,
        settings: services,
    });
    mounted.extend(own);
    Arc::new(Registry::new(engine, mounted))
}

/// Binds an address. Returns the listener and its port.
fn listen(address: SocketAddr, is_open: bool) -> Result<(TcpListener, u16), StartError> {
    if !address.ip().is_loopback() && !is_open {
        return Err(StartError::NotLoopback(address));
    }
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

/// The `HOST:PORT` at which clients reach a listener.
fn authority(bound: IpAddr, port: u16, hosts: &[String]) -> String {
    if !bound.is_unspecified() {
        return SocketAddr::new(bound, port).to_string();
    }
    match hosts.first() {
        None => format!("localhost:{port}"),
        Some(host) => match host.parse::<IpAddr>() {
            Ok(address) => SocketAddr::new(address, port).to_string(),
            Err(_) => format!("{host}:{port}"),
        },
    }
}
