package import StrictJSON
package import Varlink

/// A grant as List shows it.
package struct GrantEntry: VarlinkCodable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        case open
        case draining
        case ended
    }

    /// What its openings let through.
    package struct Traffic: Hashable, Sendable {
        package let packets: Int64
        package let bytes: Int64
        package let connections: Int64

        package init(packets: Int64, bytes: Int64, connections: Int64) {
            self.packets = packets
            self.bytes = bytes
            self.connections = connections
        }
    }

    package var id: String
    package var state: State
    package var requestor: String
    package var signers: [String]
    package var justification: String?
    package var sources: [String]
    package var ports: [String]
    /// RFC 3339; `nil` while waiting.
    package var opened: String?
    /// RFC 3339.
    package var deadline: String
    /// RFC 3339; until when its sessions may go on while it drains.
    package var drainUntil: String?
    /// How many sessions drain.
    package var sessions: Int?
    package var secondsLeft: Int
    /// `nil` while nothing counted it.
    package var traffic: Traffic?
    package var file: String?

    package init(
        id: String,
        state: State,
        requestor: String,
        signers: [String],
        justification: String?,
        sources: [String],
        ports: [String],
        opened: String?,
        deadline: String,
        drainUntil: String? = nil,
        sessions: Int? = nil,
        secondsLeft: Int,
        traffic: Traffic?,
        file: String?
    ) {
        self.id = id
        self.state = state
        self.requestor = requestor
        self.signers = signers
        self.justification = justification
        self.sources = sources
        self.ports = ports
        self.opened = opened
        self.deadline = deadline
        self.drainUntil = drainUntil
        self.sessions = sessions
        self.secondsLeft = secondsLeft
        self.traffic = traffic
        self.file = file
    }
}

extension GrantEntry {
    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        self.init(
            id: try object.text("id"),
            state: try object.required("state") { $0.text.flatMap(State.init) },
            requestor: try object.text("requestor"),
            signers: try object.texts("signers"),
            justification: try object.optionalText("justification"),
            sources: try object.texts("sources"),
            ports: try object.texts("ports"),
            opened: try object.optionalText("opened"),
            deadline: try object.text("deadline"),
            drainUntil: try object.optionalText("drain_until"),
            sessions: try object.optional("sessions", \.number).map { Int($0) },
            secondsLeft: Int(try object.number("seconds_left")),
            traffic: try Traffic(from: object),
            file: try object.optionalText("file")
        )
    }

    package var jsonValue: JSONValue {
        [
            "id": .string(id),
            "state": .string(state.rawValue),
            "requestor": .string(requestor),
            "signers": JSONValue(texts: signers),
            "justification": JSONValue(justification),
            "sources": JSONValue(texts: sources),
            "ports": JSONValue(texts: ports),
            "opened": JSONValue(opened),
            "deadline": .string(deadline),
            "drain_until": JSONValue(drainUntil),
            "sessions": JSONValue(sessions.map(Int64.init)),
            "seconds_left": .integer(Int64(secondsLeft)),
            "packets": JSONValue(traffic?.packets),
            "bytes": JSONValue(traffic?.bytes),
            "connections": JSONValue(traffic?.connections),
            "file": JSONValue(file),
        ]
    }
}

extension GrantEntry.Traffic {
    /// `nil` if nothing was counted.
    init?(from object: VarlinkObject) throws(MemberError) {
        guard let packets = try object.optional("packets", \.number) else { return nil }
        self.init(
            packets: packets,
            bytes: try object.number("bytes"),
            connections: try object.number("connections")
        )
    }
}
