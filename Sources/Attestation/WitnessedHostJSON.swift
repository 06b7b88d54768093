import Grants
import StrictJSON
import Transparency

/// The file of what a witness knows of one host (docs/PROTOCOL.fleet, section 6).
extension WitnessedHost {
    private static let version = "witness/1"
    /// The longest file, in bytes: each checkpoint has less than 2 KiB.
    package static let fileLimit = 8 << 20

    package func encoded() -> [UInt8] {
        let value: JSONValue = [
            "jitgate": .string(Self.version), "key": .string(key.description),
            "since": .moment(since), "base": .optional(base?.checkpoint.note),
            "base_seen": .moment(base?.seen), "newest": newest?.jsonValue ?? .null,
            "unproved": .array(unproved.map(\.jsonValue)),
            "skipped": .array(skipped.map(\.jsonValue)),
            "fork": fork.map { .object($0.members) } ?? .null,
            "accepted": .array(accepted.map(\.jsonValue)),
        ]
        return value.prettyEncoded() + [UInt8(ascii: "\n")]
    }

    /// Reads what `encoded` writes; all checkpoints must be by the key in it.
    ///
    /// `trusted` passes over their signatures, for a reader that keeps the bytes where nobody else writes.
    package init(parsing bytes: [UInt8], trusted: Bool = false) throws(StatusError) {
        let reader = try StatusReader(parsing: bytes, limit: Self.fileLimit)
        guard try reader.text("jitgate") == Self.version else { throw reader.error("jitgate") }
        let text = try reader.text("key")
        guard let key = try? VerifierKey(parsing: text) else { throw reader.error("key") }
        self.init(key: key)
        since = try reader.optional("since", reader.moment)
        base = try reader.optional("base") { _ throws(StatusError) in
            try reader.seen("base", "base_seen", by: key, trusted)
        }
        newest = try reader.optional("newest") { name throws(StatusError) in
            try Sighting(try reader.object(name))
        }
        let seen: (StatusReader) throws(StatusError) -> Seen = { entry throws(StatusError) in
            try entry.seen("checkpoint", "seen", by: key, trusted)
        }
        unproved = try reader.objects("unproved", seen)
        skipped = try reader.objects("skipped", seen)
        fork = try reader.optional("fork") { name throws(StatusError) in
            try Fork(try reader.object(name))
        }
        accepted = try reader.objects("accepted") { entry throws(StatusError) in
            AcceptedFork(
                try Fork(entry),
                at: try entry.moment("at"),
                reason: try entry.text("reason")
            )
        }
        guard (base == nil) == (newest == nil) else { throw reader.error("newest") }
    }
}

extension StatusReader {
    fileprivate func seen(
        _ note: String,
        _ seen: String,
        by key: VerifierKey,
        _ trusted: Bool
    ) throws(StatusError) -> WitnessedHost.Seen {
        let text = try text(note)
        let checkpoint =
            trusted
            ? try? SignedCheckpoint(trusting: text)
            : try? SignedCheckpoint(parsing: text, signedBy: key)
        guard let checkpoint else { throw error(note) }
        return WitnessedHost.Seen(checkpoint, seen: try moment(seen))
    }
}

extension WitnessedHost.Seen {
    fileprivate var jsonValue: JSONValue {
        ["checkpoint": .string(checkpoint.note), "seen": .moment(seen)]
    }
}

extension WitnessedHost.AcceptedFork {
    fileprivate var jsonValue: JSONValue {
        .object([.init("at", .moment(at)), .init("reason", .string(reason))] + fork.members)
    }
}

extension Fork {
    fileprivate var members: [JSONValue.Member] {
        [
            .init("kind", .string(kind.rawValue)), .init("seen", .moment(seen)),
            .init("known", .string(known)), .init("other", .string(other)),
        ]
    }

    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        self.init(
            try reader.choice("kind"),
            seen: try reader.moment("seen"),
            known: try reader.text("known"),
            other: try reader.text("other")
        )
    }
}

extension Sighting {
    fileprivate var jsonValue: JSONValue {
        [
            "size": .integer(Int64(clamping: position.size)), "boot": .string(position.bootID),
            "boottime": .integer(position.bootTime), "seen": .moment(seen),
        ]
    }

    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        let position = NotePosition(
            size: UInt64(try reader.count("size")),
            bootID: try reader.text("boot"),
            bootTime: try reader.count("boottime")
        )
        self.init(position, seen: try reader.moment("seen"))
    }
}

extension JSONValue {
    fileprivate static func moment(_ moment: Moment?) -> JSONValue {
        optional(moment?.description)
    }
}
