//! Numbers of one measurement, and of several.

/// What one measurement saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    /// Kicks a second.
    pub(crate) rate: f64,
    /// Of the answers; zero where nobody looked.
    pub(crate) p50_ms: f64,
    /// Of the answers; zero where nobody looked.
    pub(crate) p99_ms: f64,
    /// Answers with a status of 500 and more, and broken connections.
    pub(crate) server_errors: u64,
    /// Processor time of the server's process for each kick: other work on the machine changes it little.
    pub(crate) cpu_us: f64,
}

impl Sample {
    /// Of latencies in microseconds, seen in `seconds`.
    pub(crate) fn of(mut latencies: Vec<u32>, seconds: f64, server_errors: u64) -> Self {
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
        let at = |hundredths: usize| {
            let place = (latencies.len() * hundredths / 100).min(latencies.len().saturating_sub(1));
            latencies.get(place).map_or(0.0, |us| f64::from(*us) / 1000.0)
        };
        Self { rate: f64::from(count) / seconds, p50_ms: at(50), p99_ms: at(99), server_errors, cpu_us: 0.0 }
    }
}

/// The middle one; of an even number, the lower of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn percentiles_are_places_in_the_sorted_latencies() {
        let sample = Sample::of((1..=1000).rev().collect(), 2.0, 0);
        assert!((sample.rate - 500.0).abs() < f64::EPSILON);
        assert!((sample.p50_ms - 0.501).abs() < 1e-9 && (sample.p99_ms - 0.991).abs() < 1e-9);
    }
}
