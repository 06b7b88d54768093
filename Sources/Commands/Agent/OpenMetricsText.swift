import StrictJSON

/// A metric family: one name, its type, and a sample for each set of labels.
struct MetricFamily {
    enum Kind: String {
        case gauge
        case counter
    }

    struct Sample {
        let labels: [(name: String, value: String)]
        let value: Int64
    }

    /// Without the suffix `_total` of a counter's samples.
    let name: String
    let kind: Kind
    let help: String
    let samples: [Sample]

    init(_ name: String, kind: Kind = .gauge, _ help: String, _ samples: [Sample]) {
        (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
    }

    /// A family with one sample, or none where there is no value.
    init(_ name: String, kind: Kind = .gauge, _ help: String, _ value: Int64?) {
        self.init(name, kind: kind, help, value.map { [Sample(labels: [], value: $0)] } ?? [])
    }

    /// The name of its samples.
    var sampleName: String { kind == .counter ? "\(name)_total" : name }
}

/// Metric families in the text format of OpenMetrics 1.0, which node_exporter and Prometheus read.
///
/// Types and units are restricted to those that the older text format of Prometheus has too.
struct OpenMetricsText: CustomStringConvertible {
    private static let units = ["seconds", "bytes"]

    let families: [MetricFamily]

    var description: String {
        (families.filter { !$0.samples.isEmpty }.flatMap(Self.lines) + ["# EOF", ""])
            .joined(separator: "\n")
    }

    private static func lines(_ family: MetricFamily) -> [String] {
        let unit = units.first { family.name.hasSuffix("_\($0)") }
        return ["# TYPE \(family.name) \(family.kind.rawValue)"]
            + (unit.map { ["# UNIT \(family.name) \($0)"] } ?? [])
            + ["# HELP \(family.name) \(escaped(family.help))"]
            + family.samples.map { "\(family.sampleName)\(labels($0)) \($0.value)" }
    }

    private static func labels(_ sample: MetricFamily.Sample) -> String {
        guard !sample.labels.isEmpty else { return "" }
        let pairs = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#)
            .replacing("\"", with: #"\""#)
    }
}

extension JSONValue {
    static func metrics(_ families: [MetricFamily]) -> JSONValue {
        ["metrics": .array(families.map(\.jsonValue))]
    }
}

extension MetricFamily {
    fileprivate var jsonValue: JSONValue {
        let samples = samples.map { sample -> JSONValue in
            let labels = sample.labels.map { JSONValue.Member($0.name, .string($0.value)) }
            return ["labels": .object(labels), "value": .integer(sample.value)]
        }
        return [
            "name": .string(sampleName), "type": .string(kind.rawValue), "help": .string(help),
            "samples": .array(samples),
        ]
    }
}
