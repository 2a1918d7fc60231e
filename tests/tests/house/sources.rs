//! The source files of the crates, parsed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{spanned::Spanned as _, visit::Visit};

/// A crate of the workspace.
pub(crate) struct Crate {
    pub(crate) sources: Vec<Source>,
}

/// A source file.
pub(crate) struct Source {
    name: String,
    /// The path of its module, from the root of the crate.
    pub(crate) module: Vec<String>,
    pub(crate) parsed: syn::File,
    lines: usize,
}

/// A function with a body, tests excluded.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
}

impl Source {
    /// The file at `path` below `src/`.
    pub(crate) fn new(path: &Path, text: &str) -> Self {
        let mut module: Vec<String> = path
            .with_extension("")
            .iter()
            .map(|it| it.to_str().unwrap().to_owned())
            .collect();
        if matches!(module.last().unwrap().as_str(), "mod" | "lib" | "main") {
            module.pop();
        }
        Self {
            name: path.display().to_string(),
            module,
            parsed: syn::parse_file(text).unwrap(),
            lines: text.lines().count(),
        }
    }

    /// The path of the file, as a message shows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many lines the file has, its tests included.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut found = Functions {
            file: &self.name,
            functions: Vec::new(),
        };
        found.visit_file(&self.parsed);
        found.functions
    }
}

struct Functions<'a> {
    file: &'a str,
    functions: Vec<Function>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let lines = body.span().end().line - signature.span().start().line + 1;
        let name = format!("{}: {}", self.file, signature.ident);
        self.functions.push(Function { name, lines });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    /// A test may be as long as its table.
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let mut attributes = item.attrs.iter().map(syn::Attribute::path);
        if !attributes.any(|it| it.segments.last().is_some_and(|it| it.ident == "test")) {
            self.add(&item.sig, &item.block);
        }
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.sig, body);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

/// Every crate under `crates/`.
pub(crate) fn crates() -> Vec<Crate> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut folders: Vec<PathBuf> = entries(&root);
    folders.retain(|it| it.is_dir());
    let read = |folder: &PathBuf| {
        let src = folder.join("src");
        let mut sources = Vec::new();
        read_into(&mut sources, &src);
        let crate_name = folder.file_name().unwrap().to_str().unwrap();
        for source in &mut sources {
            source.name = format!("{crate_name}/src/{}", source.name);
        }
        Crate { sources }
    };
    let crates: Vec<Crate> = folders.iter().map(read).collect();
    assert!(crates.iter().all(|it| !it.sources.is_empty()));
    crates
}

fn read_into(sources: &mut Vec<Source>, src: &Path) {
    let mut waiting = vec![src.to_owned()];
    while let Some(folder) = waiting.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source::new(path.strip_prefix(src).unwrap(), &text));
            }
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    entries.sort();
    entries
}
