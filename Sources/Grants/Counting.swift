extension BinaryInteger {
    /// This number and a noun, for messages: `1 grant`, `2 grants`.
    package func counting(_ noun: String) -> String {
        "\(self) \(noun)\(self == 1 ? "" : "s")"
    }
}
