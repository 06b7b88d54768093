/// A word in the syntax of a POSIX shell.
package enum ShellWord {
    /// Returns `word` unchanged if that is safe, otherwise in single quotes.
    package static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            Character(UnicodeScalar($0)).isLetter && $0 < 128 || (48...57).contains($0)
                || "/._-+:@%,".utf8.contains($0)
        }
        guard !isPlain || word.isEmpty else { return word }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}
