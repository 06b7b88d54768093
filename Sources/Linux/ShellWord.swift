/// A word as a POSIX shell reads it.
package enum ShellWord {
    /// `word` as it is where that is safe, in single quotes where it is not.
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
