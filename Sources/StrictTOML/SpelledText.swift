/// Values that any configuration spells as strings: paths, printable text.
extension TOMLValue {
    /// A path that means the same whatever the working directory, in its one spelling.
    package func path(longest: Int = 4095) throws(Refusal) -> String {
        let text = try printable()
        let slash = UInt8(ascii: "/")
        guard text.utf8.first == slash else {
            throw Refusal("is the relative path \(QuotedText(text))", "a path from / belongs here")
        }
        let parts = text.utf8.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let names = parts.last == "" ? parts.dropLast() : parts
        guard !names.isEmpty else { throw Refusal("is the root directory", "name one below it") }
        guard !names.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw Refusal(
                "is \(QuotedText(text))",
                "no name in it may be empty, . or .., as there is one spelling only"
            )
        }
        let path = "/" + names.joined(separator: "/")
        guard path.utf8.count <= longest else {
            throw Refusal("is \(path.utf8.count) bytes long", "at most \(longest) fit here")
        }
        return path
    }

    /// Text without control characters.
    package func printable() throws(Refusal) -> String {
        let text = try string()
        let isPrintable = text.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control
        }
        guard isPrintable else {
            throw Refusal("is \(QuotedText(text))", "leave the control characters out")
        }
        return text
    }
}
