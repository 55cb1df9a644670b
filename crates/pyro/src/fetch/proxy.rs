//! Which proxy a URL is fetched through: the conventional settings, as curl(1) reads them under
//! ENVIRONMENT. Asks no process environment; [`crate::Config`] brings the values. The proxy is asked
//! to CONNECT, for plain HTTP too, which some proxies allow for HTTPS only.

use super::FetchError;
use std::ffi::OsString;
use ureq::Proxy;
use ureq::http::Uri;

/// A proxy, and the setting that names it.
pub(crate) struct SetProxy {
    pub(crate) setting: &'static str,
    pub(crate) proxy: Proxy,
}

impl SetProxy {
    /// Whether this URL is reached without it.
    pub(crate) fn excepts(&self, uri: &Uri) -> bool {
        self.proxy.is_no_proxy(uri)
    }
}

/// The proxy for URLs of this scheme; none where no setting names one.
///
/// # Errors
/// [`FetchError::BadProxy`].
pub(crate) fn for_scheme(
    scheme: &str,
    settings: &[(String, OsString)],
) -> Result<Option<SetProxy>, FetchError> {
    // A capital HTTP_PROXY is left alone, because whoever sends a CGI program a request sets it.
    let names: &[&'static str] = match scheme {
        "https" => &["https_proxy", "HTTPS_PROXY"],
        _ => &["http_proxy"],
    };
    let named = names.iter().find_map(|name| Some((*name, value(name, settings)?)));
    let Some((setting, url)) = named else { return Ok(None) };
    let bad = |_| FetchError::BadProxy { setting: setting.to_owned() };
    let parsed = Proxy::new(&url).map_err(bad)?;
    let mut builder = Proxy::builder(parsed.protocol()).host(parsed.host()).port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    let direct = ["no_proxy", "NO_PROXY"].iter().find_map(|name| value(name, settings));
    for host in direct.iter().flat_map(|hosts| hosts.split(',')).map(str::trim) {
        // A domain stands for itself and for what is below it.
        let domain = host.trim_start_matches("*.").trim_start_matches('.');
        builder = builder.no_proxy(domain).no_proxy(&format!(".{domain}"));
    }
    let proxy = builder.build().map_err(bad)?;
    Ok(Some(SetProxy { setting, proxy }))
}

fn value(name: &str, settings: &[(String, OsString)]) -> Option<String> {
    let (_, value) = settings.iter().find(|(known, value)| known == name && !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(scheme: &str, settings: &[(&str, &str)]) -> Option<Proxy> {
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
        for_scheme(scheme, &settings).unwrap().map(|set| set.proxy)
    }

    fn is_direct(proxy: &Proxy, url: &str) -> bool {
        proxy.is_no_proxy(&url.parse().unwrap())
    }

    #[test]
    fn each_scheme_has_its_own_setting() {
        let settings = [("http_proxy", "http://a:1"), ("HTTPS_PROXY", "b:2"), ("no_proxy", "")];
        let http = chosen("http", &settings).unwrap();
        assert_eq!((http.host(), http.port()), ("a", 1));
        let https = chosen("https", &settings).unwrap();
        assert_eq!((https.host(), https.port()), ("b", 2));
        assert!(chosen("http", &[("HTTP_PROXY", "http://a:1")]).is_none());
        assert!(chosen("https", &[("https_proxy", "")]).is_none());
    }

    #[test]
    fn hosts_below_an_excepted_domain_are_reached_directly() {
        let settings = [("https_proxy", "http://u:p%40@a:1"), ("no_proxy", "x.example, .y, *.z")];
        let proxy = chosen("https", &settings).unwrap();
        assert_eq!((proxy.username(), proxy.password()), (Some("u"), Some("p@")));
        for url in ["https://x.example/", "https://a.x.example/", "https://y", "https://a.z"] {
            assert!(is_direct(&proxy, url), "{url}");
        }
        assert!(!is_direct(&proxy, "https://ax.example/"));
    }

    #[test]
    fn a_wrong_setting_is_named_without_what_it_holds() {
        for value in ["http://u:secret@", "socks9://h", "http://a b"] {
            let settings = [("https_proxy".to_owned(), value.into())];
            let error = for_scheme("https", &settings).err().unwrap().to_string();
            assert!(error.contains("https_proxy") && !error.contains("secret"), "{error}");
        }
    }
}
