/// The name of one signer, as a line for allowed_signers is made with it.
package enum SignerName {
    /// The rule in words, behind the subject.
    package static let rule = "has no blanks, commas, quotes or * ? ! #"

    /// Returns true if a line means this name and no pattern, and needs no quotes.
    package static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && !"\",*?!#\\".unicodeScalars.contains($0)
                    && ![.control, .format].contains($0.properties.generalCategory)
            }
    }
}
