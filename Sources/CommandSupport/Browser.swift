import Grants

/// The user's browser.
package enum Browser {
    /// The command that opens a page: $BROWSER as xdg-open(1) has it, else xdg-open where there is a
    /// screen.
    package static func command(for link: String, _ console: Console) -> [String]? {
        let choice = console.variable("BROWSER")?.split(separator: ":").first
        let words = (choice ?? "").split(separator: " ").map(String.init)
        guard !words.isEmpty else {
            let hasScreen = ["WAYLAND_DISPLAY", "DISPLAY"].contains {
                console.variable($0) != nil
            }
            return hasScreen ? ["xdg-open", link] : nil
        }
        guard words.contains("%s") else { return words + [link] }
        return words.map { $0 == "%s" ? link : $0 }
    }

    /// The place that the user reached by ssh, for forwarding the page to where they sit.
    package static func forwarding(_ console: Console) -> String? {
        let words = (console.variable("SSH_CONNECTION") ?? "").split(separator: " ")
        guard words.count == 4, let user = console.variable("USER") else { return nil }
        return ShellWord.quoted("\(user)@\(words[2])")
    }
}
