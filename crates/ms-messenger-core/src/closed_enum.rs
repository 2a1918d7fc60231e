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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
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

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                out: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        // Not derived: that would also read an object with one member.
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                input: D,
            ) -> ::std::result::Result<Self, D::Error> {
                match $crate::json::text::word(input, &[$( $word ),+])? {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::json::expected($crate::json::listed(&[$( $word ),+]))),
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
    use serde_json::json;

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
        for other in [
            json!("attack"),
            json!({"attack": null}),
            json!(7),
            json!(null),
        ] {
            let error = crate::json::from_value::<T>(&other)
                .unwrap_err()
                .to_string();
            assert!(
                !error.contains("attack") && !error.contains("object"),
                "{error}"
            );
            assert!(error.contains(&all[0].to_string()), "{error}");
            let plain = serde_json::from_value::<T>(other).unwrap_err().to_string();
            assert!(!plain.contains("attack"), "{plain}");
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
