//! Checklists of the page: folded on screen, unfolded on paper.

use super::checklist::{Answer, Checklist, Fact};
use super::html::{Places, escape};
use super::table_html::text_table_html;

pub(super) fn checklist_html(checklist: &Checklist, n: usize, places: &Places) -> String {
    let rows: Vec<Vec<String>> = checklist
        .items
        .iter()
        .map(|item| {
            vec![
                escape(item.number),
                escape(item.section),
                escape(item.topic),
                answer_html(&item.answer, places),
            ]
        })
        .collect();
    let name = escape(checklist.name);
    let counts = escape(&checklist.counts().to_string());
    let caption = format!("{} checklist", checklist.name);
    format!(
        "<details class=\"checklist\">\n<summary><b>{name}</b>: {counts}</summary>\n<p class=\"note\">{}</p>\n{}</details>\n",
        escape(checklist.source),
        text_table_html(n, &caption, &Checklist::HEADER, &rows)
    )
}

/// Word for word the text of the answer, with what is open set off and places linked where the report has them.
fn answer_html(answer: &Answer, places: &Places) -> String {
    match answer {
        Answer::Filled(fact) => fact_html(fact, places),
        Answer::Open { known, .. } => {
            let known = known.as_ref().map_or_else(String::new, |fact| {
                format!("{}{}", fact_html(fact, places), fact.stop())
            });
            let open = escape(&answer.request().unwrap_or_default());
            format!("{known}<mark>{open}</mark>")
        }
        Answer::NotApplicable { .. } => {
            format!(
                "<span class=\"quiet\">{}</span>",
                escape(&answer.to_string())
            )
        }
    }
}

fn fact_html(fact: &Fact, places: &Places) -> String {
    let text = escape(&fact.text);
    let Some(place) = &fact.see else {
        return text;
    };
    let name = escape(place);
    match places.get(place.as_str()) {
        Some(address) => format!("{text} (see <a href=\"{address}\">{name}</a>)"),
        None => format!("{text} (see {name})"),
    }
}
