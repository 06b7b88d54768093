package import Grants
import StrictJSON

/// The contents of the state file of jitgate-fetch (docs/PROTOCOL.depot, section 8).
package struct CarrierState: Hashable, Sendable {
    /// The state of one object.
    package struct Object: Hashable, Sendable {
        package let object: String
        package var state = ObjectWatch.State.unasked
        package var lastContact: Moment?
        package var failingSince: Moment?
        package var error: String?
        package var files: Int?

        package init(_ object: String) {
            self.object = object
        }

        /// Notes an answer that was taken; returns whether that is a change.
        package mutating func answered(_ state: ObjectWatch.State, at now: Moment) -> Bool {
            defer {
                (self.state, lastContact) = (state, now)
                (failingSince, error) = (nil, nil)
            }
            return self.state != state
        }

        /// Notes a failure; returns whether it is another than before.
        package mutating func failed(_ reason: String, at now: Moment) -> Bool {
            defer {
                if state != .failing { failingSince = now }
                (state, error) = (.failing, reason)
            }
            return state != .failing || error != reason
        }
    }

    /// The state of the inbox.
    package struct Inbox: Hashable, Sendable {
        package let directory: String
        package var files = 0
        package var bytes = 0
        package var missing = 0
        /// The moment since which files are missing, or the directory cannot be used.
        package var failingSince: Moment?
        package var error: String?

        package init(directory: String) {
            self.directory = directory
        }
    }

    package let version: String
    package let started: Moment
    package let depot: String
    package var lastContact: Moment?
    package var silentSince: Moment?
    package var error: String?
    package var objects: [Object] = []
    package var inbox: Inbox
    /// The time of the next round.
    package var next: Moment?
    /// The end of the client certificate.
    package var certificateEnd: Moment?
    /// The reported status; `nil` if none is reported.
    package var report: Object?
    /// The time of the last proof that the depot took.
    package var proved: Moment?

    package init(version: String, started: Moment, depot: String, inbox: String) {
        (self.version, self.started, self.depot) = (version, started, depot)
        self.inbox = Inbox(directory: inbox)
    }

    /// The file, written at a moment.
    package func encoded(written: Moment) -> [UInt8] {
        let value: JSONValue = [
            "jitgate": "fetch/1", "version": .string(version),
            "written": .string(written.description), "started": .string(started.description),
            "depot": .string(depot), "last_contact": Self.json(lastContact),
            "silent_since": Self.json(silentSince), "error": Self.json(error),
            "next": Self.json(next), "certificate_expires": Self.json(certificateEnd),
            "objects": .array(objects.map { .object($0.members) }), "inbox": inbox.json,
            "report": reportJSON,
        ]
        return value.prettyEncoded() + [UInt8(ascii: "\n")]
    }

    private var reportJSON: JSONValue {
        report.map { .object($0.members + [.init("proved", Self.json(proved))]) } ?? .null
    }

    fileprivate static func json(_ moment: Moment?) -> JSONValue {
        moment.map { .string($0.description) } ?? .null
    }

    fileprivate static func json(_ text: String?) -> JSONValue {
        text.map(JSONValue.string) ?? .null
    }
}

extension CarrierState.Object {
    fileprivate var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("object", .string(object)), .init("state", .string(state.rawValue)),
            .init("last_contact", CarrierState.json(lastContact)),
            .init("failing_since", CarrierState.json(failingSince)),
            .init("error", CarrierState.json(error)),
        ]
        if let files { members.append(.init("files", .integer(Int64(files)))) }
        return members
    }
}

extension CarrierState.Inbox {
    fileprivate var json: JSONValue {
        [
            "directory": .string(directory), "files": .integer(Int64(files)),
            "bytes": .integer(Int64(bytes)), "missing": .integer(Int64(missing)),
            "failing_since": CarrierState.json(failingSince),
            "error": CarrierState.json(error),
        ]
    }
}
