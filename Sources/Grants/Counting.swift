extension BinaryInteger {
    /// This number and a noun, for messages: `1 grant`, `2 grants`.
    package func counting(_ noun: String) -> String {
        "\(self) \(noun)\(self == 1 ? "" : "s")"
    }
}

extension Int64 {
    /// This number of bytes in steps of 1000, as `ls --si` has them: `1.5 MB`.
    package var sizeText: String {
        var value = self
        var unit = "B"
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 {
            unit = larger
            guard value >= 1_000_000 || larger == "TB" else {
                let tenths = value / 100
                return tenths >= 100
                    ? "\(tenths / 10) \(larger)" : "\(tenths / 10).\(tenths % 10) \(larger)"
            }
            value /= 1000
        }
        return "\(value) \(unit)"
    }
}
