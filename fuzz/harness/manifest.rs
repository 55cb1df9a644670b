//! Reads whatever comes as the documents of an image: nothing may panic, and what is accepted is bounded.

use pyro::environment::artifact::Description;
use pyro::environment::oci::{Document, ImageConfig, Manifest};

pub(crate) fn read(bytes: &[u8]) {
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Ok(
        Document::Manifest(Manifest { config, layers })
        | Document::Environment(Manifest { config, layers }),
    ) = Document::parse(bytes)
    {
        assert!(
            layers.len() <= 512 && layers.iter().chain([&config]).all(|b| is_digest(&b.digest))
        );
    }
    if let Ok(description) = Description::parse(bytes) {
        let kernel = &description.kernel;
        let is_name = |name: &String| name.ends_with(".ko") && !name.contains(['/', '\0']);
        assert!(kernel.modules.iter().all(is_name) && kernel.modules.len() <= 256);
        assert!(is_digest(&description.root.digest) && is_digest(&kernel.archive_digest));
        assert!(!description.name.contains(char::is_control));
    }
    for layers in 0..3 {
        if let Ok(config) = ImageConfig::parse(bytes, layers) {
            assert!(
                config.diff_ids.len() == layers && config.diff_ids.iter().all(|id| is_digest(id))
            );
            assert!(config.working_directory.is_none_or(|directory| directory.is_absolute()));
            assert!(config.env.iter().all(|(name, value)| {
                !name.is_empty() && !name.contains('=') && !value.contains('\0')
            }));
        }
    }
}
