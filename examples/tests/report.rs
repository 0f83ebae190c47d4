//! The study report in a browser: every block on narrow and wide screens, tables as CSV, the nomogram moved, the page on paper.
//! Skipped where there is no Chromium. With `PAGES=DIR` the page is written there to be looked at.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use examples::report::checklist::{DataOrigin, Fact, RegionFacts, ReliabilityFacts, SplitFacts};
use examples::report::{
    Checklist, Flow, FlowSplit, Interactive, Picture, Report, Section, SplitRole, StudyFacts, Table,
};
use nomogram::render::{NomogramFigure, NomogramPage, nomogram_html, nomogram_svg};
use nomogram::{
    Design, Frame, Levels, LogisticRegression, Missing, Nomogram, NomogramSettings, TermSpec,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const HOSTILE: &str = "</script><script>throw 1</script> & \"quotes\" 'and' <b>";
const LONG: &str = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft_wavelet-LLH_glcm_InverseDifferenceMoment";

// ---- The report.

/// A model of two numbers and a factor, fitted on made-up patients.
fn model() -> Nomogram {
    let mut state = 7u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let n = 300;
    let score: Vec<f64> = (0..n).map(|_| 4.0 * uniform() - 2.0).collect();
    let age: Vec<f64> = (0..n).map(|_| (30.0 + 50.0 * uniform()).round()).collect();
    let reported: Vec<usize> = (0..n).map(|_| (2.0 * uniform()) as usize).collect();
    let outcome: Vec<bool> = (0..n)
        .map(|i| {
            let lp = -0.5 + score[i] + 0.02 * (age[i] - 50.0) + reported[i] as f64;
            uniform() < 1.0 / (1.0 + (-lp).exp())
        })
        .collect();
    let levels: Vec<&str> = reported.iter().map(|&k| ["absent", "present"][k]).collect();
    let frame = Frame::new()
        .with_numeric("tumor_score", score)
        .and_then(|f| f.with_numeric("age", age))
        .and_then(|f| f.with_categorical("us_alnm", levels, Levels::given(["absent", "present"])))
        .expect("a frame");
    let terms: Vec<TermSpec> = ["tumor_score", "age", "us_alnm"].map(TermSpec::from).into();
    let design = Design::new(&frame, terms, Missing::Refuse).expect("a design");
    let fit = LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("a fit");
    let settings = NomogramSettings::new()
        .label("us_alnm", "US-reported ALNM")
        .risk_label("Risk of ALNM");
    Nomogram::new(&fit.model().expect("a model"), &settings).expect("a nomogram")
}

fn interactive() -> Interactive {
    let (model, figure) = (model(), NomogramFigure::new().cutoff(0.4));
    let page = NomogramPage::new("Risk of axillary metastasis").figure(figure.clone());
    Interactive::new(
        nomogram_html(&model, &page).expect("a page"),
        nomogram_svg(&model, &figure.width_mm(174.0)).expect("a figure"),
        "Nomogram: add the points of all predictors and read the risk below the total.",
    )
}

fn flow(n_splits: usize) -> Flow {
    let names = [
        "training",
        "internal test",
        "center 2",
        "center 3",
        "center_4_prospective",
        "\u{5916}\u{90e8}",
        "center 6",
        "center 7",
    ];
    let splits = (0..n_splits).map(|k| {
        let (role, n) = match k {
            0 => (SplitRole::Training, 212),
            _ => (SplitRole::Test, 60 + 11 * k),
        };
        let split = FlowSplit::new(names[k], role, n, n / 3);
        match k {
            0 => split.line("repeated outlines: 50"),
            3 => split
                .line("failed images: 2")
                .line("second region missing: 1"),
            _ => split,
        }
    });
    let analyzed: usize = (1..n_splits).map(|k| 60 + 11 * k).sum::<usize>() + 212;
    let flow = Flow::new(analyzed + 9)
        .excluded("empty clinical cell (tumor_size_cm, us_reported_alnm)", 6)
        .excluded("image or outline that cannot be read, or an outline without a single pixel inside the image", 3);
    splits.fold(flow, Flow::split)
}

fn picture(k: u8) -> Picture {
    let image = image::RgbImage::from_fn(260 + 20 * u32::from(k), 160, |x, y| {
        image::Rgb([(x / 2) as u8, (y + 20 * u32::from(k)) as u8, 90])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture");
    Picture::png(
        bytes.into_inner(),
        format!("Patient {k}, tumor: risk 0.{k}3 {HOSTILE}"),
        format!("Heat map of patient {k} \"{HOSTILE}\""),
    )
    .expect("a PNG file")
}

fn tables() -> Vec<Table> {
    let numbers = Table::new(
        "Discrimination",
        ["Split", "Model", "n", "AUC (95 % CI)", "Difference"],
    )
    .row([
        "training",
        "clinical",
        "212",
        "0.812 (0.745-0.879)",
        "\u{2013}",
    ])
    .row([
        "center 2",
        "clinical-radiomics",
        "82",
        "0.773 (0.655-0.891)",
        "\u{2212}0.039",
    ])
    .row([
        "center 3",
        "NaN",
        "1",
        "<0.001",
        "\u{2212}1.5 to \u{2212}0.2",
    ])
    .note("AUC: area under the curve. DeLong's intervals.");
    let hostile = Table::new(
        HOSTILE,
        ["plain", "with \"quotes\"", "with, comma", "with\nline feed"],
    )
    .row(["a", "say \"hi\"", "1,5; 2,5", "first\nsecond\r\nthird"])
    .row([HOSTILE, LONG, " blanks ", "\u{2013} not alone"])
    .row(["", "\u{5de6}\u{4fa7} \u{1f600} \u{e9}", "=1+1", "'"])
    .note(HOSTILE);
    let empty = Table::new("Nobody", ["Patient", "Reason"]);
    let single = Table::new("One column", ["x"]).row([""]).row(["2"]);
    let names: Vec<String> = (0..25)
        .map(|k| {
            if k == 0 {
                "Feature".to_owned()
            } else {
                format!("Center {k}")
            }
        })
        .collect();
    let mut wide = Table::new("Means of every center", names);
    for row in 0..60 {
        let cells = (0..25).map(|k| match k {
            0 => format!("wavelet-LLH_glcm_Feature{row}"),
            k => format!("{}\u{2212}{k}.{row}", if k % 2 == 0 { "" } else { "0.5 " }),
        });
        wide = wide.row(cells.collect::<Vec<_>>());
    }
    vec![numbers, hostile, empty, single, wide]
}

/// What the tables are as CSV.
fn expected_tables() -> Vec<Vec<Vec<String>>> {
    let text = |cells: &[&str]| cells.iter().map(|&c| c.to_owned()).collect::<Vec<_>>();
    let wide = (0..60).map(|row| {
        let cells = (0..25).map(|k| match k {
            0 => format!("wavelet-LLH_glcm_Feature{row}"),
            k if k % 2 == 0 => format!("-{k}.{row}"),
            k => format!("0.5 -{k}.{row}"),
        });
        cells.collect::<Vec<_>>()
    });
    let names = (0..25).map(|k| {
        if k == 0 {
            "Feature".to_owned()
        } else {
            format!("Center {k}")
        }
    });
    vec![
        vec![
            text(&["Split", "Model", "n", "AUC (95 % CI)", "Difference"]),
            text(&["training", "clinical", "212", "0.812 (0.745-0.879)", ""]),
            text(&[
                "center 2",
                "clinical-radiomics",
                "82",
                "0.773 (0.655-0.891)",
                "-0.039",
            ]),
            text(&["center 3", "NaN", "1", "<0.001", "-1.5 to -0.2"]),
        ],
        vec![
            text(&["plain", "with \"quotes\"", "with, comma", "with\nline feed"]),
            text(&["a", "say \"hi\"", "1,5; 2,5", "first\nsecond\r\nthird"]),
            text(&[HOSTILE, LONG, " blanks ", "\u{2013} not alone"]),
            text(&["", "\u{5de6}\u{4fa7} \u{1f600} \u{e9}", "=1+1", "'"]),
        ],
        vec![text(&["Patient", "Reason"])],
        vec![text(&["x"]), text(&[""]), text(&["2"])],
        std::iter::once(names.collect()).chain(wide).collect(),
    ]
}

/// What a pipeline knows of a cohort that was given to it.
fn facts() -> StudyFacts {
    let split = |name: &str, role, n, events| SplitFacts {
        name: name.to_owned(),
        role,
        n,
        events,
    };
    let methods = |text: &str| Some(Fact::new(text).see("Methods"));
    StudyFacts {
        title: format!("A study {HOSTILE}"),
        outcome: methods("column alnm, 1 = metastasis"),
        predictors: vec!["age".into(), "us_alnm".into()],
        splits: vec![
            split("training", SplitRole::Training, 212, 70),
            split("center 2", SplitRole::Test, 82, 27),
        ],
        excluded: 9,
        flow: Some(Fact::new("flow of cases").see("Flow")),
        missing: methods("rows with an empty clinical cell are left out"),
        discretization: methods("bin width 25"),
        regions: vec![RegionFacts {
            region: "tumor".into(),
            handcrafted: 851,
            deep: 128,
            kept: 11,
        }],
        reliability: Some(ReliabilityFacts {
            cases: 50,
            rule: "ICC(A,1) at least 0.80".into(),
            see: Some("Tables".into()),
        }),
        discrimination: Some(Fact::new("AUC").see("Table 1")),
        software: "radiomics workspace 0.1.0".into(),
        seed: Some(7),
        ..StudyFacts::default()
    }
}

fn report() -> Report {
    let mut methods = Section::new("Methods");
    methods
        .paragraph(format!("{LONG} {HOSTILE} {LONG}{LONG}"))
        .list(["bin width 25", LONG])
        .subheading(LONG);
    let mut cases = Section::new("Flow");
    for n in [4, 1, 2, 8] {
        cases
            .flow(&flow(n), format!("Flow of cases in {n} splits."))
            .expect("a flow");
    }
    let mut all = Section::new("Tables");
    for table in tables() {
        all.table(table);
    }
    let mut pictures = Section::new("Heat maps");
    pictures.gallery(
        (1..=7).map(picture),
        "Grad-CAM heat maps of seven patients.",
    );
    let mut nomogram = Section::new("Nomogram");
    nomogram
        .paragraph("Move the controls.")
        .interactive(interactive());
    let mut lists = Section::new(format!("Checklists {HOSTILE}"));
    lists
        .checklist(Checklist::tripod_ai(&facts()))
        .checklist(Checklist::clear(&facts()));
    [methods, cases, all, pictures, nomogram, lists]
        .into_iter()
        .fold(
            Report::new(format!("A study {HOSTILE}")).subtitle("294 patients, 2 splits"),
            Report::section,
        )
}

// ---- The browser.

fn browser() -> Option<&'static str> {
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
    drawings: [all("figure > .wide"), all("figure > .narrow")].map((a) => a.filter((e) => e.getClientRects().length > 0).length),
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
fn look(program: &str, folder: &Path, html: &str, width: u32) -> Value {
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

fn parsed(csv: &str) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes())
        .records()
        .map(|record| record.expect("a row").iter().map(str::to_owned).collect())
        .collect()
}

fn expected_checklist(checklist: &Checklist) -> Vec<Vec<String>> {
    let header = Checklist::HEADER.map(str::to_owned).to_vec();
    std::iter::once(header)
        .chain(checklist.rows().into_iter().map(Vec::from))
        .collect()
}

fn check_tables(said: &Value) {
    let mut expected = expected_tables();
    expected.push(expected_checklist(&Checklist::tripod_ai(&facts())));
    expected.push(expected_checklist(&Checklist::clear(&facts())));
    let tables = said["tables"].as_array().unwrap();
    assert_eq!(tables.len(), expected.len());
    for (k, (table, expected)) in tables.iter().zip(&expected).enumerate() {
        let csv = table["csv"].as_str().unwrap();
        assert_eq!(&parsed(csv), expected, "table {}", k + 1);
        assert!(csv.ends_with('\n'));
        assert_eq!(table["copied"], table["csv"]);
        assert_eq!(table["blob"], table["csv"]);
        let n = k + 1;
        assert_eq!(table["name"], json!(format!("table-{n}.csv")));
        let labels = [
            format!("Copy as CSV: Table {n}"),
            format!("Download CSV: Table {n}"),
        ];
        assert_eq!(table["labels"], json!(labels));
        assert_eq!(table["tab"], json!([0, 0]));
        // What is folded has no focus.
        assert_eq!(table["focused"], json!(table["hidden"] == json!(false)));
        assert_eq!(table["caption"], json!(true), "a caption is cut");
    }
}

fn check_page(said: &Value, width: u32) {
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
    let drawings = if width < 640 {
        json!([0, 4])
    } else {
        json!([4, 0])
    };
    assert_eq!(said["drawings"], drawings, "{width}");
    assert_eq!(
        said["folds"],
        json!([[false, false], [true, true], [false, false]])
    );
    let pictures = said["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 7);
    for (k, picture) in pictures.iter().enumerate() {
        let alt = format!("Heat map of patient {} \"{HOSTILE}\"", k + 1);
        assert_eq!(picture, &json!([true, alt]));
    }
    let open: usize = [Checklist::tripod_ai(&facts()), Checklist::clear(&facts())]
        .iter()
        .map(|list| list.counts().open)
        .sum();
    assert_eq!(said["marks"], json!(open));
    // A picture, a script and a request were tried.
    assert_eq!(said["refused"], json!(3), "{said}");
    assert_eq!(said["reached"], json!("refused"));
    assert_eq!(said["smuggled"], json!(false));
}

fn check_nomogram(said: &Value) {
    let driven = said["driven"].as_array().unwrap();
    assert_eq!(driven.len(), 1, "the page in the frame did not run");
    let driven = &driven[0];
    let risk = |when: &str| driven[when]["risk"].as_f64().unwrap();
    assert!(risk("after") > risk("before") + 0.1, "{driven}");
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
}

#[test]
fn every_block_on_every_screen() {
    let html = report().to_html();
    assert_eq!(html, report().to_html(), "same bytes");
    if let Ok(folder) = std::env::var("PAGES") {
        std::fs::write(format!("{folder}/report.html"), &html).expect("a writable folder");
    }
    for never in [
        "http://",
        "https://",
        "@import",
        "url(http",
        "<link rel=\"stylesheet",
    ] {
        let found = html.matches(never).count();
        // Names of namespaces are no addresses.
        let names = html.matches("http://www.w3.org/").count() * usize::from(never == "http://");
        assert_eq!(found, names, "{never}");
    }
    let Some(program) = browser() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for width in [360, 768, 1280] {
        let said = look(program, folder.path(), &html, width);
        check_page(&said, width);
        check_tables(&said);
        check_nomogram(&said);
        let followed = said["followed"].as_str().expect("the frame was told");
        // On the widest, controls and result are beside each other.
        assert_eq!(
            followed.starts_with("translateY("),
            width < 1280,
            "{followed}"
        );
    }
}

#[test]
fn the_page_goes_on_paper_and_the_console_stays_empty() {
    let Some(program) = browser() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.html");
    std::fs::write(&file, report().to_html()).expect("a temporary file");
    let pdf = folder.path().join("report.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    let output = command(program, folder.path())
        .args([&print, "--no-pdf-header-footer", "--enable-logging=stderr"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("CONSOLE"), "{errors}");
    let bytes = std::fs::read(&pdf).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 50_000);
    if let Ok(pages) = std::env::var("PAGES") {
        std::fs::write(format!("{pages}/report.pdf"), &bytes).expect("a writable folder");
    }
}

#[test]
fn synthetic_patients_have_no_ethics_committee() {
    let real = Checklist::tripod_ai(&facts());
    let synthetic = StudyFacts {
        origin: DataOrigin::Synthetic,
        ..facts()
    };
    let made = Checklist::tripod_ai(&synthetic);
    let answer = |list: &Checklist, number: &str| {
        let mut items = list.items.iter();
        let item = items.find(|item| item.number == number).expect("an item");
        item.answer.to_string()
    };
    assert_eq!(answer(&real, "17"), "To be completed by the authors.");
    assert_eq!(
        answer(&made, "17"),
        "Not applicable: the cohort is simulated, no patient took part."
    );
    assert_eq!(
        answer(&made, "18e"),
        "the program makes the same cohort again from seed 7"
    );
    assert_eq!(
        answer(&real, "12e"),
        "AUC (see Table 1). To be completed by the authors: calibration, clinical utility, comparison of models."
    );
    assert!(made.counts().open < real.counts().open);
    assert_eq!(
        real.counts().to_string(),
        "27 items (52 with sub-items): 3 filled, 45 open, 4 not applicable"
    );
}
