package import Grants
package import StrictJSON
package import Varlink

/// A grant as List shows it.
package struct GrantEntry: VarlinkCodable {
    package static let members = [
        VarlinkMember("id", "string", "UUID in lower case"),
        VarlinkMember("state", oneOf: State.self),
        VarlinkMember("requestor", "string"),
        VarlinkMember(
            "signers",
            "[]string",
            "Principals of allowed_signers whose approvals it carries"
        ),
        VarlinkMember("justification", "?string"),
        VarlinkMember("sources", "[]string", "CIDRs"),
        VarlinkMember("ports", "[]string", "Such as 22/tcp"),
        VarlinkMember("opened", "?string", "When access began; null while waiting"),
        VarlinkMember(
            "deadline",
            "string",
            "When access ends or ended; for a waiting grant, when it would at the latest"
        ),
        VarlinkMember(
            "drain_until",
            "?string",
            "While it drains: until when its sessions may go on, and how many there are"
        ),
        VarlinkMember("sessions", "?int"),
        VarlinkMember(
            "seconds_left",
            "int",
            "Until the deadline, or the end of draining; 0 once ended"
        ),
        VarlinkMember(
            "packets",
            "?int",
            "Matched by its openings; null while nothing counted them"
        ),
        VarlinkMember("bytes", "?int"),
        VarlinkMember("connections", "?int", "Connections it let in"),
        VarlinkMember("file", "?string", "Path of the file it came from"),
        VarlinkMember("ticket", "?string", "The change or incident it is for"),
        VarlinkMember(
            "break_glass",
            "?string",
            "Of a break-glass grant that opened: unreviewed or reviewed"
        ),
        VarlinkMember(
            "waits_for",
            "?string",
            "While waiting: bulletin, if it waits for a fresh one; else null"
        ),
    ]

    package enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        case open
        case draining
        case ended
    }

    /// The reason for it: in words, and the change or incident.
    package struct Purpose: Hashable, Sendable {
        package var justification: String?
        package var ticket: String?
    }

    /// The end of its draining, and the number of its sessions.
    package struct Drain: Hashable, Sendable {
        package var until: Moment?
        package var sessions: Int?
    }

    /// A reason to wait, besides its time.
    package enum Obstacle: String, Hashable, Sendable, CaseIterable {
        case bulletin
    }

    /// The review of a break-glass grant, if there was one.
    package enum BreakGlass: String, Hashable, Sendable, CaseIterable {
        case unreviewed
        case reviewed
    }

    /// The traffic that its openings let through.
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

    package var id: GrantID
    package var state: State
    package var requestor: String
    package var signers: [String]
    package var purpose: Purpose
    package var sources: [Prefix]
    package var ports: [Port]
    /// The beginning of access; `nil` while waiting.
    package var opened: Moment?
    package var deadline: Moment
    private var drain: Drain
    package var secondsLeft: Int
    /// `nil` while nothing counted it.
    package var traffic: Traffic?
    package var file: String?
    /// `nil` for any other grant, and until it opens.
    package var breakGlass: BreakGlass?
    package var waitsFor: Obstacle?

    package init(
        id: GrantID,
        state: State,
        requestor: String,
        signers: [String],
        justification: String?,
        sources: [Prefix],
        ports: [Port],
        opened: Moment?,
        deadline: Moment,
        drainUntil: Moment? = nil,
        sessions: Int? = nil,
        secondsLeft: Int,
        traffic: Traffic?,
        file: String?,
        ticket: String? = nil,
        breakGlass: BreakGlass? = nil
    ) {
        self.id = id
        self.state = state
        self.requestor = requestor
        self.signers = signers
        purpose = Purpose(justification: justification, ticket: ticket)
        self.sources = sources
        self.ports = ports
        self.opened = opened
        self.deadline = deadline
        drain = Drain(until: drainUntil, sessions: sessions)
        self.secondsLeft = secondsLeft
        self.traffic = traffic
        self.file = file
        self.breakGlass = breakGlass
    }
}

extension GrantEntry {
    package var justification: String? { purpose.justification }
    package var ticket: String? { purpose.ticket }
    /// The end of draining, while it drains.
    package var drainUntil: Moment? { drain.until }
    /// The number of sessions that drain.
    package var sessions: Int? {
        get { drain.sessions }
        set { drain.sessions = newValue }
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        self.init(
            id: try object.value("id", GrantID.init(parsing:)),
            state: try object.choice("state"),
            requestor: try object.text("requestor"),
            signers: try object.texts("signers"),
            justification: try object.optionalText("justification"),
            sources: try object.values("sources", Prefix.init(parsing:)),
            ports: try object.values("ports", Port.init(parsing:)),
            opened: try object.optionalValue("opened", Moment.init(parsing:)),
            deadline: try object.value("deadline", Moment.init(parsing:)),
            drainUntil: try object.optionalValue("drain_until", Moment.init(parsing:)),
            sessions: try object.optionalCount("sessions"),
            secondsLeft: Int(try object.number("seconds_left")),
            traffic: try Traffic(from: object),
            file: try object.optionalText("file"),
            ticket: try object.optionalText("ticket"),
            breakGlass: try object.optionalText("break_glass").flatMap(BreakGlass.init(rawValue:))
        )
        waitsFor = try object.optionalText("waits_for").flatMap(Obstacle.init(rawValue:))
    }

    package var jsonValue: JSONValue {
        [
            "id": .string(id.description),
            "state": .string(state.rawValue),
            "requestor": .string(requestor),
            "signers": JSONValue(texts: signers),
            "justification": JSONValue(justification),
            "sources": JSONValue(texts: sources),
            "ports": JSONValue(texts: ports),
            "opened": JSONValue(text: opened),
            "deadline": .string(deadline.description),
            "drain_until": JSONValue(text: drainUntil),
            "sessions": JSONValue(sessions.map(Int64.init)),
            "seconds_left": .integer(Int64(secondsLeft)),
            "packets": JSONValue(traffic?.packets),
            "bytes": JSONValue(traffic?.bytes),
            "connections": JSONValue(traffic?.connections),
            "file": JSONValue(file),
            "ticket": JSONValue(ticket),
            "break_glass": JSONValue(breakGlass?.rawValue),
            "waits_for": JSONValue(waitsFor?.rawValue),
        ]
    }
}

extension GrantEntry.Traffic {
    /// `nil` if nothing was counted.
    init?(from object: VarlinkObject) throws(VarlinkError) {
        guard let packets = try object.optional("packets", \.number) else { return nil }
        self.init(
            packets: packets,
            bytes: try object.number("bytes"),
            connections: try object.number("connections")
        )
    }
}
