//! Enums with a fixed set of named values.

/// Declares an enum whose values have names: `ALL`, `as_str`, `Display`, `FromStr` and the serde
/// forms all come from the one list, so that none of them can miss a value.
macro_rules! closed_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// Returns the name in `snake_case`, as logs, JSON and `FromStr` use it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::ParseNameError;

            fn from_str(name: &str) -> ::std::result::Result<Self, Self::Err> {
                match name {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::ParseNameError::new(&[$( $word ),+])),
                }
            }
        }
    };
}

pub(crate) use closed_enum;

#[cfg(test)]
mod tests {
    use std::{fmt::Display, str::FromStr};

    use serde::{Serialize, de::DeserializeOwned};

    use crate::{
        Acceptance, Capability, CardKind, Delivery, ErrorKind, Importance, MediaKind,
        ParseNameError,
    };

    fn agrees<T>(all: &[T])
    where
        T: Copy + Display + PartialEq + FromStr<Err = ParseNameError> + Serialize,
        T: DeserializeOwned + std::fmt::Debug,
    {
        for value in all {
            let name = value.to_string();
            assert_eq!(name.parse::<T>().as_ref(), Ok(value));
            let json = serde_json::to_value(value).unwrap();
            assert_eq!(json, name.as_str());
            assert_eq!(serde_json::from_value::<T>(json).unwrap(), *value);
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
        let error = "attack at dawn".parse::<T>().unwrap_err();
        assert_eq!(error.expected().len(), all.len());
        assert!(!error.to_string().contains("attack"));
    }

    #[test]
    fn text_and_json_forms_agree_and_an_unknown_name_is_not_repeated() {
        agrees(Acceptance::ALL);
        agrees(Capability::ALL);
        agrees(CardKind::ALL);
        agrees(Delivery::ALL);
        agrees(ErrorKind::ALL);
        agrees(Importance::ALL);
        agrees(MediaKind::ALL);
    }
}
