import Grants

/// Conditions of the drop directories, and of the files that only root may be able to write.
package enum FileConditions {
    /// A file or directory that the agent trusts, as root alone can write it.
    package enum TrustedPlace: Hashable, Sendable {
        case policy, signers, revokedKeys, dropDirectory, log, state

        fileprivate var untrusted: ConditionCode {
            switch self {
            case .policy: .policyUntrusted
            case .signers: .signersUntrusted
            case .revokedKeys: .revokedKeysUntrusted
            case .dropDirectory: .dropDirectoryUntrusted
            case .log: .logUntrusted
            case .state: .stateUntrusted
            }
        }
    }

    /// A user other than root could have written a file or directory, or it must not be read.
    package static func untrusted(
        _ place: TrustedPlace,
        _ path: String,
        because reason: String,
        mend remedy: String?
    ) -> Condition {
        let isDrop = place == .dropDirectory
        let message = isDrop ? "no grant file in \(path) counts: \(reason)" : reason
        return Condition(place.untrusted, path, message, mend: remedy)
    }

    /// The directory of the log does not exist.
    package static func logDirectoryMissing(_ path: String, because reason: String) -> Condition {
        Condition(.logDirectoryMissing, path, reason, mend: making(path, mode: "750"))
    }

    /// The directory of the agent's state does not exist.
    package static func stateDirectoryMissing(_ path: String, because reason: String) -> Condition {
        Condition(.stateDirectoryMissing, path, reason, mend: making(path, mode: "750"))
    }

    private static func making(_ path: String, mode: String) -> String {
        "install -d -m \(mode) \(ShellWord.quoted(path))"
    }

    // MARK: grants

    /// A drop directory does not exist.
    package static func dropDirectoryMissing(_ path: String) -> Condition {
        Condition(
            .dropDirectoryMissing,
            path,
            "\(path) does not exist, so no grant can be dropped there",
            mend: making(path, mode: "700")
        )
    }

    /// A drop directory, or a file in one, is there and cannot be read.
    package static func dropUnreadable(_ path: String) -> Condition {
        Condition(
            .dropUnreadable,
            path,
            "\(path) cannot be read, so what was dropped there is not known",
            mend: "jitgate audit show --event grant-refused; the agent tries again every 5 s"
        )
    }

    /// An inbox, or a file in one, cannot be read, or could have been written by other users.
    package static func inboxUnreadable(
        _ directory: String,
        because reason: String,
        mend remedy: String?
    ) -> Condition {
        Condition(
            .inboxUnreadable,
            directory,
            "offers in \(directory) are not taken: \(reason)",
            mend: remedy ?? "jitgate doctor"
        )
    }

    /// Inotify does not watch all drop directories.
    package static func filesPolled(because reason: String, mend remedy: String?) -> Condition {
        let message = "grant files are looked for every 5 s alone, as \(reason)"
        return Condition(.filesPolled, "inotify", message, mend: remedy)
    }

    /// A file in a drop directory is refused because of its owner, mode or type.
    package static func fileUntrusted(
        _ path: String,
        because reason: String,
        mend remedy: String?
    ) -> Condition {
        Condition(.fileUntrusted, path, "\(path) is refused: \(reason)", mend: remedy)
    }

    /// A file in a drop directory is refused because of its content.
    package static func fileRefused(
        _ path: String,
        because reason: String,
        mend remedy: String?
    ) -> Condition {
        Condition(
            .fileRefused,
            path,
            "\(path) is refused: \(reason)",
            mend: remedy ?? "replace or remove the file"
        )
    }

    /// More files are refused than are named; `count` is at least how many.
    package static func othersRefused(_ count: Int, isDistrust: Bool, areMore: Bool) -> Condition {
        let text = areMore ? "more than \(count) other files" : count.counting("other file")
        return Condition(
            isDistrust ? .fileUntrusted : .fileRefused,
            "others",
            "\(text) refused too",
            mend: "jitgate audit show --event grant-refused"
        )
    }

    /// There is no room for another bar.
    package static func barsFull(_ count: Int) -> Condition {
        Condition(
            .barsFull,
            "bars",
            "\(count) revocations keep grants from opening, which are as many as there may be: another"
                + " one ends what it matches and keeps nothing from opening",
            mend: "jitgate list --bars; sudo jitgate unbar ID"
        )
    }
}
