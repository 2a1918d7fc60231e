//! Which file of a crate uses which: by imports and by qualified paths, through re-exports.

use std::collections::{BTreeSet, HashMap};

use syn::{UseTree, Visibility, visit::Visit};

use super::sources::Source;

type Path = Vec<String>;

/// What is known of a module.
#[derive(Default)]
struct Module {
    file: usize,
    /// The names that `use` binds, and the paths that they stand for.
    bindings: HashMap<String, Path>,
    /// The paths of `use` that pass names on to others; not a use on its own.
    re_exported: BTreeSet<Path>,
    /// All other paths.
    used: BTreeSet<Path>,
}

/// The files that each file uses, by index.
pub(crate) fn arrows(sources: &[Source]) -> Vec<BTreeSet<usize>> {
    let mut modules = HashMap::new();
    for (file, source) in sources.iter().enumerate() {
        let items = &source.parsed.items;
        read(&mut modules, file, source.module.clone(), items);
    }
    let mut arrows = vec![BTreeSet::new(); sources.len()];
    for (path, module) in &modules {
        for used in module.used.difference(&module.re_exported) {
            let target = resolve(&modules, path, used, 0);
            if let Some(target) = target.filter(|it| *it != module.file) {
                arrows[module.file].insert(target);
            }
        }
    }
    arrows
}

fn read(modules: &mut HashMap<Path, Module>, file: usize, path: Path, items: &[syn::Item]) {
    let mut module = Module {
        file,
        ..Module::default()
    };
    for item in items {
        match item {
            syn::Item::Use(item) => {
                let passes_on = !matches!(item.vis, Visibility::Inherited);
                bind(&mut module, Vec::new(), &item.tree, passes_on);
            }
            syn::Item::Mod(inner) if is_for_tests(&inner.attrs) => {}
            syn::Item::Mod(inner) => {
                if let Some((_, items)) = &inner.content {
                    let mut path = path.clone();
                    path.push(inner.ident.to_string());
                    read(modules, file, path, items);
                }
            }
            item => Paths(&mut module).visit_item(item),
        }
    }
    modules.insert(path, module);
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("cfg") && {
            let condition: syn::Result<syn::Path> = it.parse_args();
            condition.is_ok_and(|it| it.is_ident("test"))
        }
    })
}

fn bind(module: &mut Module, mut before: Path, tree: &UseTree, passes_on: bool) {
    let (name, path) = match tree {
        UseTree::Path(it) => {
            before.push(it.ident.to_string());
            return bind(module, before, &it.tree, passes_on);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                bind(module, before.clone(), tree, passes_on);
            }
            return;
        }
        UseTree::Name(it) if it.ident == "self" => (before.last().cloned(), before),
        UseTree::Name(it) => {
            before.push(it.ident.to_string());
            (Some(it.ident.to_string()), before)
        }
        UseTree::Rename(it) => {
            if it.ident != "self" {
                before.push(it.ident.to_string());
            }
            (Some(it.rename.to_string()), before)
        }
        UseTree::Glob(_) => (None, before),
    };
    if let Some(name) = name {
        module.bindings.insert(name, path.clone());
    }
    if passes_on {
        module.re_exported.insert(path.clone());
    }
    module.used.insert(path);
}

struct Paths<'a>(&'a mut Module);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        bind(self.0, Vec::new(), &item.tree, false);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|it| it.ident.to_string());
            self.0.used.insert(segments.collect());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The file in which `path`, as written in the module `from`, is defined; `None` if that is
/// another crate.
fn resolve(
    modules: &HashMap<Path, Module>,
    from: &Path,
    path: &[String],
    depth: usize,
) -> Option<usize> {
    // A re-export can name itself, as an import of a name of another crate does.
    if depth > 16 {
        return None;
    }
    let (first, rest) = path.split_first()?;
    let mut at = from.clone();
    let rest = match first.as_str() {
        "crate" => {
            at.clear();
            rest
        }
        "self" => rest,
        "super" => {
            at.pop()?;
            let ups = rest.iter().take_while(|it| *it == "super").count();
            for _ in 0..ups {
                at.pop()?;
            }
            &rest[ups..]
        }
        _ => {
            let is_known = modules.get(&at)?.bindings.contains_key(first)
                || modules.contains_key(&below(&at, first));
            is_known.then_some(path)?
        }
    };
    for (n, name) in rest.iter().enumerate() {
        let inner = below(&at, name);
        if modules.contains_key(&inner) {
            at = inner;
            continue;
        }
        let module = modules.get(&at)?;
        let Some(bound) = module.bindings.get(name) else {
            return Some(module.file);
        };
        let mut whole = bound.clone();
        whole.extend_from_slice(&rest[n + 1..]);
        return resolve(modules, &at, &whole, depth + 1);
    }
    Some(modules.get(&at)?.file)
}

fn below(path: &Path, name: &str) -> Path {
    let mut path = path.clone();
    path.push(name.to_owned());
    path
}
