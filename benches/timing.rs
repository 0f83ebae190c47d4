//! What the programs that run beside a peer share: reading the table of both sides, and CPU seconds of one thread.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// Result of a timed task.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The numbers of `<name>.f64` in a folder, as numpy's `tofile` writes them.
///
/// # Errors
/// When the file cannot be read.
pub fn numbers(folder: &Path, name: &str) -> Outcome<Vec<f64>> {
    Ok(fs::read(folder.join(name).with_extension("f64"))?
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes))
        .collect())
}

/// CPU seconds of this thread so far, as the kernel counts them.
///
/// # Errors
/// Where the kernel does not tell.
pub fn cpu_seconds() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds as f64 * 1e-9)
}

/// CPU seconds of all threads of this process so far, as the kernel counts them, in its ticks of a hundredth.
///
/// # Errors
/// Where the kernel does not tell.
pub fn process_cpu_seconds() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in parentheses, may hold spaces.
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() as f64 * 1e-2)
}

/// The most memory this process ever held, in kilobytes.
///
/// # Errors
/// Where the kernel does not tell.
pub fn peak_kilobytes() -> Outcome<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmHWM in /proc/self/status")?.parse()?)
}

/// CPU and wall seconds of one `task`, and what it gave. Repeated tasks are done once before.
///
/// # Errors
/// Those of the task and of [`cpu_seconds`].
pub fn timed(repeats: u32, task: impl Fn() -> Outcome<f64>) -> Outcome<[f64; 3]> {
    let mut value = f64::NAN;
    if repeats > 1 {
        black_box(task()?);
    }
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    for _ in 0..repeats {
        value = black_box(task()?);
    }
    let each = f64::from(repeats);
    Ok([
        (cpu_seconds()? - cpu) / each,
        wall.elapsed().as_secs_f64() / each,
        value,
    ])
}
