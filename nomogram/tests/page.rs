//! The page in a browser: every control is moved as a user moves it, and all numbers, words and marks are compared with the library.
//! Skipped where there is no Chromium. With `PAGES=DIR` the pages are written there to be looked at.
#![cfg(feature = "plot")]

mod common;
#[path = "figures/tables.rs"]
mod tables;

use std::process::Command;

use common::{cohort, number, numbers};
use nomogram::render::{NomogramFigure, NomogramPage, nomogram_html};
use nomogram::{AxisPosition, Nomogram, Patient, PatientPoints, RiskGroups};
use serde_json::{Value, json};

const TOLERANCE: f64 = 1e-9;

/// Collects what goes wrong before anything else runs.
const WATCH: &str = "<script>window.wrong=[];\
    addEventListener('error',e=>wrong.push('error: '+e.message));\
    addEventListener('securitypolicyviolation',e=>wrong.push('request: '+e.blockedURI+' '+e.violatedDirective));</script>";

/// Moves the controls and writes down what the page then says and shows.
const DRIVER: &str = r##"<script>
const all = [...document.querySelectorAll("input,select,textarea,button,a[href]")];
const controls = all.map(e => ({
  id: e.id, tab: e.tabIndex, usable: !e.disabled && e.getClientRects().length > 0,
  name: e.getAttribute("aria-label") || [...e.labels].map(l => l.textContent).join(" "),
  described: (e.getAttribute("aria-describedby") || "").split(" ").every(id => document.getElementById(id)),
}));
const focused = all.map(e => { e.focus(); return document.activeElement === e; });
const state = () => {
  const r = document.getElementById("result"), d = r.dataset;
  return {
    fields: [...document.querySelectorAll("[id^=p]")].filter(e => e.form).map(e => e.value),
    spoken: [...document.querySelectorAll("[id^=s]")].map(e => e.getAttribute("aria-valuetext")),
    invalid: [...document.querySelectorAll("[aria-invalid=true]")].map(e => e.id),
    data: Object.fromEntries(Object.entries(d)), text: r.textContent, table: [...document.querySelectorAll("#table tr")].map(t => [...t.cells].map(c => c.textContent)),
    warnings: [...document.querySelectorAll("[id^=w]")].map(e => e.textContent),
    red: [...document.querySelectorAll("#drawing g.patient")].map(g => ({
      shown: g.style.display !== "none",
      dots: [...g.querySelectorAll("circle")].map(c => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy")), c.getAttribute("fill")]),
      interval: g.querySelector("path[fill-opacity]").getAttribute("d"),
    })),
  };
};
const states = [state()];
for (const [id, value] of STEPS) {
  const e = document.getElementById(id);
  e.value = value;
  e.dispatchEvent(new Event("input", { bubbles: true }));
  e.dispatchEvent(new Event("change", { bubbles: true }));
  states.push(state());
}
const report = { controls, focused, states, live: document.getElementById("result").getAttribute("aria-live"),
  wide: document.documentElement.scrollWidth <= innerWidth, inner: innerWidth, requests: performance.getEntriesByType("resource").map(r => r.name), wrong };
const out = document.createElement("pre"); out.id = "report"; out.textContent = JSON.stringify(report); document.body.append(out);
</script>"##;

fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            // A stub that only says how to install it does not count.
            let output = Command::new(name).arg("--version").output();
            output.is_ok_and(|o| o.status.success())
        })
}

/// Steps as control and value.
type Steps = Vec<(String, String)>;

/// What the page said, step by step; `None` without a browser.
fn drive(name: &str, html: &str, steps: &Steps, window: &str) -> Option<Value> {
    if let Ok(folder) = std::env::var("PAGES") {
        std::fs::write(format!("{folder}/{name}.html"), html).expect("a writable folder");
    }
    let Some(program) = browser() else {
        println!("skipped: no chromium");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("nomogram-page-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let file = folder.join("page.html");
    let steps = serde_json::to_string(steps)
        .expect("JSON")
        .replace('<', "\\u003c");
    let driver = DRIVER.replace("STEPS", &steps);
    let page = html
        .replacen("<head>", &format!("<head>{WATCH}"), 1)
        .replacen("</body>", &format!("{driver}</body>"), 1);
    std::fs::write(&file, page).expect("a temporary file");
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--dump-dom",
        ])
        .arg(format!("--window-size={window}"))
        .arg(format!(
            "--user-data-dir={}",
            folder.join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    std::fs::remove_dir_all(&folder).ok();
    let dom = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let (_, after) = dom
        .split_once("<pre id=\"report\">")
        .unwrap_or_else(|| panic!("{name}: the page did not report\n{errors}"));
    let text = after.split("</pre>").next().unwrap_or_default();
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    Some(serde_json::from_str(&text).expect("a report"))
}

/// Moves for every control: within and beyond the ranges, and nonsense.
fn steps_of(n: &Nomogram) -> Steps {
    let mut steps = Steps::new();
    for (k, predictor) in n.model.predictors.iter().enumerate() {
        let field = format!("p{k}");
        let mut push = |id: &str, value: String| steps.push((id.to_owned(), value));
        if let Some(levels) = predictor.levels() {
            (0..levels.len())
                .rev()
                .for_each(|code| push(&field, code.to_string()));
            continue;
        }
        let seen = predictor.seen().expect("a number");
        let at = |share: f64| seen.min + share * (seen.max - seen.min);
        for share in [0.0, 0.37, 1.0, -9.0, 9.0] {
            push(&format!("s{k}"), at(share).to_string());
        }
        for value in ["", "abc", "1e400"] {
            push(&field, value.to_owned());
        }
        for share in [-2.5, -0.01, 0.0, 0.5, 1.0, 1.01, 4.0, 0.123456789] {
            push(&field, at(share).to_string());
        }
    }
    steps
}

/// The patient that the fields describe; `None` where a field has no number.
fn patient_of(n: &Nomogram, fields: &[String]) -> Option<PatientPoints> {
    let mut patient = Patient::new();
    assert_eq!(fields.len(), n.model.predictors.len());
    for (predictor, field) in n.model.predictors.iter().zip(fields) {
        patient = match predictor.levels() {
            Some(levels) => {
                let code: usize = field.parse().expect("a level");
                patient.with(predictor.column.as_str(), levels[code].as_str())
            }
            None => patient.with(predictor.column.as_str(), field.parse::<f64>().ok()?),
        };
    }
    Some(n.patient(&patient, 0.95).expect("a patient"))
}

#[track_caller]
fn close(what: &str, page: f64, library: f64) {
    assert!(
        (page - library).abs() <= TOLERANCE * library.abs().max(1.0),
        "{what}: the page has {page:e}, the library {library:e}"
    );
}

fn strings(value: &Value) -> Vec<String> {
    common::strings(value)
}

/// What the page embeds.
fn data_of(html: &str) -> Value {
    let (_, after) = html
        .split_once("<script id=\"model\" type=\"application/json\">")
        .expect("the data");
    serde_json::from_str(after.split("</script>").next().expect("an end")).expect("JSON")
}

/// Compares one state of the page with the library.
fn compare(n: &Nomogram, data: &Value, state: &Value) {
    let fields = strings(&state["fields"]);
    let Some(p) = patient_of(n, &fields) else {
        assert!(state["data"]["risk"].is_null(), "{fields:?}");
        assert!(
            state["text"]
                .as_str()
                .unwrap()
                .starts_with("Enter a number")
        );
        assert_eq!(strings(&state["invalid"]).len(), 1);
        for drawing in state["red"].as_array().unwrap() {
            assert_eq!(drawing["shown"], json!(false));
        }
        return;
    };
    let said = &state["data"];
    let get = |key: &str| -> f64 { said[key].as_str().unwrap().parse().unwrap() };
    close("risk", get("risk"), p.prediction.risk);
    close("low", get("low"), p.prediction.low);
    close("high", get("high"), p.prediction.high);
    close("total", get("total"), p.total_points);
    let listed =
        |key: &str| -> Value { serde_json::from_str(said[key].as_str().unwrap()).unwrap() };
    for (page, term) in numbers(&listed("points")).into_iter().zip(&p.terms) {
        close("points", page, term.points);
    }
    let axes: Vec<usize> = p.terms.iter().map(|t| t.axis).collect();
    assert_eq!(listed("axes"), json!(axes));
    compare_positions(n, &p, &listed("positions"), &strings(&state["warnings"]));
    let text = state["text"].as_str().unwrap();
    let shown = match p.prediction.risk {
        r if r < 0.0005 => "<0.1".to_owned(),
        r if r > 0.9995 => ">99.9".to_owned(),
        r => format!("{:.1}", 100.0 * r),
    };
    let risk = format!("{}: {shown}%", n.risk_label);
    assert!(text.starts_with(&risk), "{risk}: {text}");
    let between = p.terms.iter().any(|t| {
        let mut pairs = t.given.iter().zip(&n.axes[t.axis].given);
        pairs.any(|(g, c)| g.number != c.number)
    });
    assert_eq!(text.contains("the nearest axis"), between, "{text}");
    let rows = state["table"].as_array().unwrap();
    assert_eq!(rows.len(), p.terms.len() + 2);
    for (row, term) in rows[1..].iter().zip(&p.terms) {
        let shown: f64 = row[2].as_str().unwrap().parse().unwrap();
        assert!(
            (shown - term.points).abs() < 0.051,
            "{row} for {}",
            term.points
        );
    }
    assert_eq!(rows.last().unwrap()[0], json!("Total points"));
    for (drawing, at) in state["red"]
        .as_array()
        .unwrap()
        .iter()
        .zip(data["drawings"].as_array().unwrap())
    {
        compare_red(n, &p, drawing, at);
    }
}

fn compare_positions(n: &Nomogram, p: &PatientPoints, said: &Value, warnings: &[String]) {
    let index = |name: &str| {
        let mut all = n.model.predictors.iter();
        all.position(|p| p.column == name).unwrap()
    };
    let of_terms = p.terms.iter().map(|t| (index(&t.predictor), t.position));
    let given = p.terms.iter().flat_map(|t| &t.given);
    let of_given = given.map(|g| (index(&g.predictor), g.position));
    let mut count = 0;
    for (k, position) in of_terms.chain(of_given) {
        let (kind, limit) = match position {
            AxisPosition::WithinTraining => ("within", f64::NAN),
            AxisPosition::BeyondTraining { limit } => ("beyond", limit),
            AxisPosition::OutsideAxis { limit } => ("outside", limit),
            _ => unreachable!("a position the page does not know"),
        };
        assert_eq!(said[k]["kind"], json!(kind), "predictor {k}");
        assert_eq!(warnings[k].is_empty(), kind == "within", "{}", warnings[k]);
        if kind != "within" {
            close("limit", number(&said[k]["limit"]), limit);
        }
        count += 1;
    }
    assert_eq!(count, n.model.predictors.len());
}

fn compare_red(n: &Nomogram, p: &PatientPoints, red: &Value, at: &Value) {
    assert_eq!(red["shown"], json!(true));
    let get = |key: &str| number(&at[key]);
    let (left, right, most) = (get("left"), get("right"), get("total_max"));
    let place = |points: f64| left + (right - left) * points / 100.0;
    let place_total = |total: f64| left + (right - left) * total.clamp(0.0, most) / most;
    let dots = red["dots"].as_array().unwrap();
    let axes_y = numbers(&at["axes_y"]);
    for (dot, term) in dots.iter().zip(&p.terms) {
        close("height", number(&dot[1]), axes_y[term.axis]);
        let ticks = || n.axes[term.axis].ticks.iter().map(|t| t.points);
        let outside = matches!(term.position, AxisPosition::OutsideAxis { .. });
        let expected = if outside {
            let (low, high) = (
                ticks().fold(f64::INFINITY, f64::min),
                ticks().fold(f64::NEG_INFINITY, f64::max),
            );
            let nearer = (low - term.points).abs() < (high - term.points).abs();
            place(if nearer { low } else { high })
        } else {
            place(term.points.clamp(0.0, 100.0))
        };
        close("dot", number(&dot[0]), expected);
        assert_eq!(dot[2] == json!("#ffffff"), outside);
    }
    let x = place_total(p.total_points);
    for (dot, height) in dots[p.terms.len()..].iter().zip(["total_y", "risk_y"]) {
        close("total and risk", number(&dot[0]), x);
        close("their heights", number(&dot[1]), get(height));
    }
    let path = red["interval"].as_str().unwrap();
    let ends: Vec<f64> = path
        .split(['M', 'V', 'H', 'z', ' '])
        .filter_map(|t| t.parse().ok())
        .collect();
    let at_lp = |sign: f64| {
        let z = eval_stats::special::normal_quantile(0.975);
        place_total(n.points_of_lp(p.prediction.linear_predictor + sign * z * p.prediction.se))
    };
    close("lower end of the interval", ends[0], at_lp(-1.0));
    close("upper end of the interval", ends[3], at_lp(1.0));
}

/// Labels, order of the controls, and nothing wrong.
fn check_controls(n: &Nomogram, report: &Value) {
    let expected: Vec<String> = n
        .model
        .predictors
        .iter()
        .enumerate()
        .flat_map(|(k, p)| match p.levels() {
            Some(_) => vec![format!("p{k}")],
            None => vec![format!("s{k}"), format!("p{k}")],
        })
        .collect();
    let controls = report["controls"].as_array().unwrap();
    let ids: Vec<&str> = controls.iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
    for (control, focused) in controls.iter().zip(report["focused"].as_array().unwrap()) {
        assert_eq!(control["tab"], json!(0), "{control}");
        assert_eq!(control["usable"], json!(true), "{control}");
        assert_eq!(control["described"], json!(true), "{control}");
        assert_eq!(focused, &json!(true), "{control}");
        assert!(!control["name"].as_str().unwrap().trim().is_empty());
    }
    assert_eq!(report["live"], json!("polite"));
    assert_eq!(report["wide"], json!(true), "the page scrolls sideways");
    assert_eq!(report["requests"], json!([]));
    assert_eq!(report["wrong"], json!([]));
}

/// Moves everything and compares; the report for further checks.
fn check(name: &str, n: &Nomogram, page: &NomogramPage, window: &str) -> Option<Value> {
    let html = nomogram_html(n, page).expect("a page");
    assert_eq!(html, nomogram_html(n, page).expect("a page"), "same bytes");
    for never in ["src=", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        assert!(!html.contains(never), "{never}");
    }
    let data = data_of(&html);
    let steps = steps_of(n);
    let report = drive(name, &html, &steps, window)?;
    check_controls(n, &report);
    let states = report["states"].as_array().unwrap();
    assert_eq!(states.len(), steps.len() + 1);
    for (state, (control, value)) in states[1..].iter().zip(&steps) {
        let k: usize = control[1..].parse().unwrap();
        let field = strings(&state["fields"])[k].clone();
        let entered: Option<f64> = value.parse().ok().filter(|v: &f64| v.is_finite());
        let shown: Option<f64> = field.parse().ok();
        if control.starts_with('p') {
            assert_eq!(shown, entered, "{control} was set to {value}");
        } else {
            let predictor = &n.model.predictors[k];
            let seen = predictor.seen().unwrap();
            let shown = shown.expect("a slider always has a number");
            let tolerance = 1e-3 * (seen.max - seen.min);
            let inside = entered.unwrap();
            if (seen.min..=seen.max).contains(&inside) {
                assert!(
                    (shown - inside).abs() <= tolerance,
                    "{control}: {shown} for {inside}"
                );
            }
        }
    }
    states.iter().for_each(|state| compare(n, &data, state));
    // Something moved, and something was refused.
    let risks: Vec<&Value> = states.iter().map(|s| &s["data"]["risk"]).collect();
    assert!(risks.iter().filter(|r| !r.is_null()).count() > steps.len() / 2);
    Some(report)
}

#[test]
fn the_study_page() {
    let n = tables::study();
    let (frame, _) = cohort("train");
    let figure = NomogramFigure::new()
        .cutoff(0.701)
        .distributions(&frame)
        .unit("tumor_score", "a.u.");
    let page = NomogramPage::new("Risk of axillary metastasis")
        .figure(figure)
        .note("For women with a tumor <5 cm.");
    let Some(report) = check("study", &n, &page, "1200,900") else {
        return;
    };
    let names: Vec<&str> = report["controls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    let expected = [
        "US-reported ALNM",
        "Tumor score, slider",
        "Tumor score (a.u.)",
        "LN score, slider",
        "LN score",
    ];
    assert_eq!(names, expected);
    let first = &report["states"][0];
    let spoken = format!("{} a.u.", strings(&first["fields"])[1]);
    assert_eq!(first["spoken"][0], json!(spoken));
    let text = |side: &str| {
        report["states"].as_array().unwrap().iter().any(|s| {
            let text = s["text"].as_str().unwrap();
            text.contains(side)
        })
    };
    assert!(text("Low risk") && text("High risk") && text("At or above the cut-off of 0.701"));
}

#[test]
fn interactions_curves_and_a_parabola() {
    let n = tables::interacting();
    let groups = RiskGroups::new(&[0.1, 0.4, 0.8]).unwrap();
    let figure = NomogramFigure::new()
        .risk_groups(groups)
        .risk_group_names(["A", "B", "C", "D"]);
    let page = NomogramPage::new("Interactions").figure(figure);
    check("interactions", &n, &page, "360,800");
}

#[test]
fn hostile_names_stay_text() {
    let n = tables::hostile();
    let title = "A </title><script>throw 2</script> & \"quotes\"";
    let Some(report) = check("hostile", &n, &NomogramPage::new(title), "800,600") else {
        return;
    };
    let names: Vec<&str> = report["controls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[0], n.model.predictors[0].column);
    assert_eq!(names[2], n.model.predictors[1].column);
    let level = &n.model.predictors[0].levels().unwrap()[2];
    let shown = report["states"].as_array().unwrap().iter().any(|s| {
        let mut rows = s["table"].as_array().unwrap().iter();
        rows.any(|r| r[1] == json!(level))
    });
    assert!(shown, "{level} is not in the table");
    // Large numbers that differ by little are told apart.
    let start = &report["states"][0]["table"];
    assert_eq!(start[4][1], json!("2459001"));
}

#[test]
fn pages_refuse_what_figures_refuse() {
    let n = tables::study();
    let figure = NomogramFigure::new().cutoff(1.5);
    assert!(nomogram_html(&n, &NomogramPage::new("x").figure(figure)).is_err());
    assert!(nomogram_html(&n, &NomogramPage::new("x").level(1.0)).is_err());
}
