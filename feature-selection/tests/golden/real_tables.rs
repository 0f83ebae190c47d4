//! glmnet on published tables, most with far more features than rows.

use std::io::Read;
use std::path::Path;

use super::common::{Worst, golden_path, indices, json, number, numbers, shared_root};
use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::lasso::{
    CrossValidation, CrossValidationFit, ElasticNet, LambdaRule, Measure, Samples,
};
use ndarray::Array2;
use serde_json::Value;

struct RealTable {
    table: FeatureTable,
    outcome: Vec<bool>,
}

impl RealTable {
    fn new(names: Vec<String>, rows: &[Vec<f64>], outcome: Vec<bool>) -> Self {
        let values = Array2::from_shape_fn((rows.len(), names.len()), |(i, j)| rows[i][j]);
        Self {
            table: FeatureTable::new(values.view(), &names).unwrap(),
            outcome,
        }
    }

    fn radiomics(path: &Path) -> Self {
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let (header, records) = csv_records(&text);
        let target = header.iter().position(|h| h == "Target").unwrap();
        let features: Vec<usize> = (0..header.len())
            .filter(|&k| k != target && header[k] != "ID")
            .collect();
        let value = |record: &[String], k: usize| record[k].parse::<f64>().unwrap();
        let rows: Vec<Vec<f64>> = records
            .iter()
            .map(|r| features.iter().map(|&k| value(r, k)).collect())
            .collect();
        let outcome = records.iter().map(|r| value(r, target) == 1.0).collect();
        let names = features.iter().map(|&k| header[k].clone()).collect();
        Self::new(names, &rows, outcome)
    }

    fn rotterdam(path: &Path) -> Self {
        let (header, records) = csv_records(&std::fs::read_to_string(path).unwrap());
        let cell = |r: &'_ Vec<String>, name: &str| {
            r[header.iter().position(|h| h == name).unwrap()].clone()
        };
        let value = |r: &Vec<String>, name: &str| cell(r, name).parse::<f64>().unwrap();
        let is = |r: &Vec<String>, size: &str| f64::from(u8::from(cell(r, "size") == size));
        let rows: Vec<Vec<f64>> = records
            .iter()
            .map(|r| {
                vec![
                    value(r, "year"),
                    value(r, "age"),
                    value(r, "meno"),
                    is(r, "20-50"),
                    is(r, ">50"),
                    value(r, "grade"),
                    value(r, "pgr"),
                    value(r, "er"),
                ]
            })
            .collect();
        let names = [
            "year",
            "age",
            "meno",
            "size_20_50",
            "size_over_50",
            "grade",
            "pgr",
            "er",
        ]
        .map(String::from);
        let outcome = records.iter().map(|r| value(r, "nodes") > 0.0).collect();
        Self::new(names.to_vec(), &rows, outcome)
    }

    /// Within each class rows are dealt to the folds in their order.
    fn folds(&self, k: usize) -> Folds {
        let mut dealt = [0; 2];
        let assignment = self
            .outcome
            .iter()
            .map(|&y| {
                let next = &mut dealt[usize::from(y)];
                *next += 1;
                (*next - 1) % k
            })
            .collect();
        Folds::from_assignment(assignment, k, self.outcome.len()).unwrap()
    }
}

fn csv_records(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned);
    let header = header.collect();
    let records = reader
        .records()
        .map(|r| r.unwrap().iter().map(str::to_owned).collect())
        .collect();
    (header, records)
}

fn compare(fit: &CrossValidationFit, expected: &Value, what: &str) {
    let mut worst = Worst::default();
    for (found, key) in [
        (&fit.lambda, "lambda"),
        (&fit.mean, "cvm"),
        (&fit.standard_error, "cvsd"),
    ] {
        let reference = numbers(&expected[key]);
        assert_eq!(found.len(), reference.len(), "{what}: {key}");
        for (m, &reference) in reference.iter().enumerate() {
            worst.see(found[m], reference, 1e-3, || format!("{what} {key} {m}"));
        }
    }
    worst.at_most(1e-10, what);
    assert_eq!(fit.n_nonzero, indices(&expected["nzero"]), "{what}: sizes");
    for (rule, key) in [
        (LambdaRule::Minimum, "min"),
        (LambdaRule::OneStandardError, "1se"),
    ] {
        let (chosen, expected) = (fit.select(rule).unwrap(), &expected[key]);
        let names: Vec<&str> = chosen
            .selected
            .iter()
            .map(|&j| fit.path.names[j].as_str())
            .collect();
        let reference: Vec<&str> = expected["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        assert_eq!(names, reference, "{what} {key}");
        let mut worst = Worst::default();
        worst.see(chosen.lambda, number(&expected["lambda"]), 1e-12, || {
            format!("{what} {key} lambda")
        });
        let intercept = chosen.coefficients.intercept;
        worst.see(intercept, number(&expected["intercept"]), 1.0, || {
            format!("{what} {key} intercept")
        });
        for (&j, &b) in chosen
            .selected
            .iter()
            .zip(&numbers(&expected["coefficients"]))
        {
            worst.see(chosen.coefficients.beta[j], b, 1e-3, || {
                format!("{what} {key} {}", fit.path.names[j])
            });
        }
        worst.at_most(1e-9, &format!("{what} {key}"));
    }
}

#[test]
fn published_tables_give_what_glmnet_gives() {
    let Some(root) = shared_root().map(|root| root.join("data/tables")) else {
        return;
    };
    let golden = json(golden_path("real_tables/real_tables.json"));
    for name in [
        "Song2020",
        "Lu2019",
        "Granata2024",
        "Brancato2023",
        "rotterdam",
    ] {
        let expected = &golden[name];
        let data = if name == "rotterdam" {
            RealTable::rotterdam(&root.join("rotterdam.csv"))
        } else {
            RealTable::radiomics(&root.join(format!("radmlbench/{name}.csv.gz")))
        };
        let shape = (data.table.n_rows(), data.table.n_columns());
        let (rows, columns) = (number(&expected["rows"]), number(&expected["columns"]));
        assert_eq!(shape, (rows as usize, columns as usize), "{name}");
        let samples = Samples::binary(&data.table, &data.outcome).unwrap();
        let path = ElasticNet::new().fit(&samples).unwrap();
        assert_eq!(path.df, indices(&expected["df"]), "{name}: sizes");
        assert_eq!(
            path.n_passes,
            indices(&expected["passes"])[0],
            "{name}: passes"
        );
        let folds = data.folds(number(&expected["folds"]) as usize);
        for (measure, key) in [(Measure::Deviance, "deviance"), (Measure::Auc, "auc")] {
            let fit = CrossValidation::new(ElasticNet::new())
                .measure(measure)
                .fit(&samples, &folds)
                .unwrap();
            compare(&fit, &expected[key], &format!("{name} {key}"));
        }
    }
}
