//! Enums of a wire format that keep unknown values.

/// Declares an enum of string values that keeps unknown ones.
///
/// Services add values at any time, so every enum of a wire format is open: a value without a
/// variant is kept in `Other` and written back unchanged. The generated type is
/// `#[non_exhaustive]`, has `as_str()`, and implements `From<&str>`, `From<String>`, `Display`,
/// serde's `Serialize` and `Deserialize` (as a string), `Clone`, `Debug`, `PartialEq`, `Eq` and
/// `Hash`.
///
/// ```
/// ms_messenger_core::open_enum! {
///     /// The colour of a thing.
///     pub enum Colour {
///         /// Red.
///         Red = "red",
///         /// Blue.
///         Blue = "blue",
///     }
/// }
///
/// assert_eq!(Colour::from("blue"), Colour::Blue);
/// assert_eq!(Colour::from("mauve").as_str(), "mauve");
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $wire:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A value that this version does not know, as it was read.
            Other(String),
        }

        impl $name {
            /// Returns the value as it is on the wire.
            #[allow(unreachable_pub, reason = "as visible as the enum that it is made for")]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )+
                    Self::Other(value) => value,
                }
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $( $wire => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Other(value.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or(Self::Other(value))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error>
            where
                S: $crate::__private::serde::Serializer,
            {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
            where
                D: $crate::__private::serde::Deserializer<'de>,
            {
                <::std::string::String as $crate::__private::serde::Deserialize>::deserialize(
                    deserializer,
                )
                .map(Self::from)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    open_enum! {
        /// A sample.
        enum Sample {
            /// One.
            One = "one",
        }
    }

    #[test]
    fn an_unknown_value_survives_a_round_trip() {
        let read: Sample = serde_json::from_str("\"two\"").unwrap();
        assert_eq!(read, Sample::Other("two".into()));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"two\"");
    }

    #[test]
    fn a_known_value_is_recognised() {
        let read: Sample = serde_json::from_str("\"one\"").unwrap();
        assert_eq!(read, Sample::One);
        assert_eq!(Sample::from(String::from("one")), Sample::One);
        assert_eq!(read.to_string(), "one");
    }
}
