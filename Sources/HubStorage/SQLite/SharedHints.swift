import Synchronization

/// The hints of all databases of this process that have the same file open.
enum SharedHints {
    private struct Listener {
        weak var hints: HintBroadcast?
    }

    private static let files = Mutex<[String: [Listener]]>([:])

    static func join(_ hints: HintBroadcast, file: String) {
        files.withLock { files in
            let present = (files[file] ?? []).filter { $0.hints != nil }
            files[file] = present + [Listener(hints: hints)]
        }
    }

    static func leave(_ hints: HintBroadcast, file: String) {
        files.withLock { files in
            let others = (files[file] ?? []).filter { $0.hints != nil && $0.hints !== hints }
            files[file] = others.isEmpty ? nil : others
        }
    }

    static func send(file: String) {
        let all = files.withLock { $0[file] ?? [] }
        for listener in all { listener.hints?.send() }
    }
}
