//! The study report in a browser: every block on narrow and wide screens, tables as CSV, the nomogram moved, the page on paper.
//! Skipped where there is no Chromium. With `PAGES=DIR` the page is written there to be looked at.

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod study;

use examples::report::checklist::{DataOrigin, Fact, RegionFacts, ReliabilityFacts, SplitFacts};
use examples::report::{
    Checklist, Flow, FlowSplit, Interactive, Picture, Report, Section, SplitRole, StudyFacts, Table,
};
use nomogram::render::{NomogramFigure, NomogramPage, nomogram_html, nomogram_svg};
use nomogram::{
    Design, Frame, Levels, LogisticRegression, Missing, Nomogram, NomogramSettings, TermSpec,
};
use serde_json::{Value, json};

use browser::{browser, check_any_page, check_frame, look, printed};

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
    let drawings = if width < 640 {
        json!([0, 4])
    } else {
        json!([4, 0])
    };
    assert_eq!(said["drawings"], drawings, "{width}");
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
        check_any_page(&said, width);
        check_page(&said, width);
        check_tables(&said);
        let [before, after] = check_frame(&said);
        assert!(after > before + 0.1, "{before} {after}");
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
    let bytes = printed(program, folder.path(), &report().to_html());
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
