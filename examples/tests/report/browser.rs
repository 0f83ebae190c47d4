//! A headless Chromium that looks at a page: at a width, driven as a reader drives it, and on paper.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub fn browser() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            // A stub that only says how to install it does not count.
            let output = Command::new(name).arg("--version").output();
            output.is_ok_and(|o| o.status.success())
        });
    if found.is_none() {
        println!("skipped: no chromium");
    }
    found
}

fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("profile").display()
        ));
    command
}

/// Serves the page in a frame of a width until that page tells what it found; windows are never as narrow as telephones.
struct Server {
    listener: TcpListener,
    around: String,
    page: String,
    asked: Vec<String>,
}

impl Server {
    fn new(page: String, width: u32) -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").expect("a port"),
            around: format!(
                "<!DOCTYPE html><link rel=\"icon\" href=\"data:,\">\
                 <iframe src=\"/page\" style=\"width:{width}px;height:900px;border:0\"></iframe>\
                 <script>addEventListener('message',e=>fetch('/report',{{method:'POST',body:JSON.stringify(e.data.report)}}))</script>"
            ),
            page,
            asked: Vec::new(),
        }
    }

    fn address(&self) -> String {
        let address = self.listener.local_addr().expect("an address");
        format!("http://{address}/around")
    }

    /// What the page tells; `None` when it says nothing for too long.
    fn report(&mut self) -> Option<Value> {
        self.listener.set_nonblocking(true).expect("a listener");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(120) {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    if let Some(report) = self.answer(stream).ok().flatten() {
                        return Some(report);
                    }
                }
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        None
    }

    fn answer(&mut self, mut stream: TcpStream) -> std::io::Result<Option<Value>> {
        stream.set_nonblocking(false)?;
        // Browsers open connections that they may never use.
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let content = match path.as_str() {
            "/around" => self.around.as_str(),
            "/page" => self.page.as_str(),
            _ => "",
        };
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{content}",
            content.len()
        )?;
        self.asked.push(path.clone());
        Ok((path == "/report").then(|| serde_json::from_slice(&body).expect("a report")))
    }
}

/// Collects what goes wrong before anything else runs; stands before the policy.
const WATCH: &str = "window.wrong=[];addEventListener('error',e=>wrong.push('error: '+e.message));\
    addEventListener('securitypolicyviolation',e=>wrong.push('refused: '+e.blockedURI+' '+e.violatedDirective));";

/// Moves the first slider of the page in the frame and tells what the page then says.
const FRAME_DRIVER: &str = r##"
addEventListener("message", (e) => {
  if (e.data.top > 0) setTimeout(() => parent.postMessage({ followed: document.getElementById("result").style.transform }, "*"));
});
addEventListener("load", () => {
  const result = document.getElementById("result"), slider = document.querySelector("input[type=range]");
  const state = () => ({ risk: Number(result.dataset.risk), text: result.querySelector(".risk").textContent });
  const before = state();
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const reach = (() => { try { return parent.document.title; } catch (e) { return e.name; } })();
  const after = state();
  // The frame grows and shrinks with its page.
  setTimeout(() => parent.postMessage({ driven: { before, after, reach, wide: document.documentElement.scrollWidth <= innerWidth,
    hidden: document.documentElement.scrollHeight - innerHeight, blank: innerHeight - document.body.getBoundingClientRect().height } }, "*"), 700);
});
"##;

/// Uses the page as a reader does and tells what it finds to the page around it.
const DRIVER: &str = r##"
const driven = [], copied = [], saved = [];
let followed = null;
addEventListener("message", (e) => {
  if (e.data.driven) driven.push(e.data.driven);
  if ("followed" in e.data) followed = e.data.followed;
});
navigator.clipboard.writeText = (text) => { copied.push(text); return Promise.resolve(); };
URL.createObjectURL = (blob) => { saved.push(blob); return "blob:null"; };
HTMLAnchorElement.prototype.click = function () { saved.push(this.download); };
setTimeout(async () => {
  const all = (what, within) => [...(within || document).querySelectorAll(what)];
  const tables = all("div.table").map((block) => {
    const csv = tableCsv(block.querySelector("table")), [copy, save] = all("button", block);
    copied.length = saved.length = 0;
    copy.click();
    save.click();
    save.focus();
    return { id: block.id, csv, copied: copied[0], blob: saved[0], name: saved[1],
      labels: [copy, save].map((b) => b.getAttribute("aria-label")), tab: [copy.tabIndex, save.tabIndex],
      hidden: block.closest("details:not([open])") !== null, focused: document.activeElement === save,
      caption: block.querySelector(".caption").getBoundingClientRect().width <= innerWidth };
  });
  for (const table of tables) table.blob = await table.blob.text();
  const folded = () => all("details").map((d) => d.open);
  const before = folded();
  dispatchEvent(new Event("beforeprint"));
  const printing = folded();
  dispatchEvent(new Event("afterprint"));
  const ids = all("[id]").map((e) => e.id);
  const report = { tables, driven, folds: [before, printing, folded()], scroll: document.documentElement.scrollWidth, inner: innerWidth,
    drawings: [all("figure .wide"), all("figure .narrow")].map((a) => a.filter((e) => e.getClientRects().length > 0).length),
    shrunk: all("figure svg").filter((e) => e.getClientRects().length > 0).map((e) => [e.getAttribute("aria-label"),
      e.getBoundingClientRect().width / parseFloat(getComputedStyle(e).getPropertyValue("--drawn"))]).filter((e) => !(e[1] > 0.95)),
    pictures: all("img").map((i) => [i.complete && i.naturalWidth === i.width || i.naturalWidth > 0, i.alt]),
    frames: all("iframe").map((f) => [f.clientHeight, f.getBoundingClientRect().right <= innerWidth]),
    links: all("a[href]").filter((a) => !document.getElementById(a.getAttribute("href").slice(1))).length,
    repeated: ids.length - new Set(ids).size, marks: all("mark").length,
    requests: performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith("data:")), wrong: [...wrong] };
  // Whoever gets a script into the page cannot reach the network with it, nor run another.
  const image = document.createElement("img"); image.src = "http://127.0.0.1:9/x.png"; document.body.append(image);
  const script = document.createElement("script"); script.textContent = "window.smuggled = true"; document.body.append(script);
  // Half of the controls are above the window.
  scrollTo(0, scrollY + document.querySelector("iframe").getBoundingClientRect().top + 300);
  const reached = await fetch("http://127.0.0.1:9/").then(() => "reached", () => "refused");
  setTimeout(() => {
    report.followed = followed;
    report.refused = wrong.length - report.wrong.length; report.reached = reached; report.smuggled = Boolean(window.smuggled);
    parent.postMessage({ report }, "*");
  }, 500);
}, 1500);
"##;

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The page with the drivers in it and in its policy, which is otherwise as it is.
fn driven(html: &str) -> String {
    use base64::Engine;
    let source = |script: &str| {
        let digest = Sha256::digest(script);
        format!(
            "'sha256-{}' ",
            base64::engine::general_purpose::STANDARD.encode(digest)
        )
    };
    let (before, after) = html.split_once("srcdoc=\"").expect("a frame");
    let (page, after) = after.split_once('"').expect("its end");
    let (head, tail) = page.rsplit_once("&lt;/body&gt;").expect("a body");
    let inner = html_escaped(&format!("<script>{FRAME_DRIVER}</script></body>"));
    let html = format!("{before}srcdoc=\"{head}{inner}{tail}\"{after}");
    let (page, tail) = html.rsplit_once("</body>").expect("a body");
    format!("{page}<script>{DRIVER}</script></body>{tail}")
        .replacen("<head>", &format!("<head><script>{WATCH}</script>"), 1)
        .replacen(
            "script-src ",
            &format!("script-src {}{}", source(DRIVER), source(FRAME_DRIVER)),
            1,
        )
}

/// What the page tells when it has a width.
pub fn look(program: &str, folder: &Path, html: &str, width: u32) -> Value {
    let mut server = Server::new(driven(html), width);
    let mut browser = command(program, folder)
        .args(["--window-size=1400,1000", "--remote-debugging-port=0"])
        .arg(server.address())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the browser starts");
    let report = server.report();
    browser.kill().expect("the browser ends");
    browser.wait().expect("the browser ends");
    assert_eq!(server.asked, ["/around", "/page", "/report"], "{width}");
    report.expect("the page did not report")
}

/// The page on paper, by a browser whose console has to stay empty.
pub fn printed(program: &str, folder: &Path, html: &str) -> Vec<u8> {
    let file = folder.join("report.html");
    std::fs::write(&file, html).expect("a temporary file");
    let pdf = folder.join("report.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    let output = command(program, folder)
        .args([&print, "--no-pdf-header-footer", "--enable-logging=stderr"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("CONSOLE"), "{errors}");
    let bytes = std::fs::read(&pdf).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 50_000);
    bytes
}

/// What holds for every page at every width.
pub fn check_any_page(said: &Value, width: u32) {
    assert_eq!(said["inner"], json!(width));
    let scroll = said["scroll"].as_u64().unwrap();
    assert!(
        scroll <= u64::from(width),
        "{width}: the page scrolls to {scroll}"
    );
    assert_eq!(said["wrong"], json!([]), "{width}");
    assert_eq!(said["requests"], json!([]), "{width}");
    assert_eq!(said["links"], json!(0), "links that lead nowhere");
    assert_eq!(said["repeated"], json!(0), "ids that are not unique");
    assert_eq!(
        said["shrunk"],
        json!([]),
        "{width}: drawings too small to be read"
    );
    assert_eq!(
        said["folds"],
        json!([[false, false], [true, true], [false, false]])
    );
    // A picture, a script and a request were tried.
    assert_eq!(said["refused"], json!(3), "{said}");
    assert_eq!(said["reached"], json!("refused"));
    assert_eq!(said["smuggled"], json!(false));
}

/// The page in the frame ran, is shut in, and shows all of itself; returns the risk before and after its first control was moved.
pub fn check_frame(said: &Value) -> [f64; 2] {
    let driven = said["driven"].as_array().unwrap();
    assert_eq!(driven.len(), 1, "the page in the frame did not run");
    let driven = &driven[0];
    assert_ne!(driven["before"]["text"], driven["after"]["text"]);
    assert_eq!(
        driven["reach"],
        json!("SecurityError"),
        "the frame is shut in"
    );
    assert_eq!(driven["wide"], json!(true), "the frame scrolls sideways");
    assert_eq!(driven["hidden"], json!(0), "the frame is too low");
    assert!(driven["blank"].as_f64().unwrap() < 3.0, "{driven}");
    let frame = &said["frames"][0];
    let height = frame[0].as_u64().unwrap();
    // Neither the height before it is known nor its bounds.
    assert!((300..3000).contains(&height) && height != 960, "{height}");
    assert_eq!(frame[1], json!(true));
    ["before", "after"].map(|when| driven[when]["risk"].as_f64().unwrap())
}
