package import Grants
package import StrictJSON
package import Varlink

/// The numbers of events since the agent started: the answer to Count.
package struct AgentCounters: VarlinkCodable {
    /// The number of records of one kind of event.
    package struct EventCount: VarlinkCodable {
        package static let members = [
            VarlinkMember("event", "string", "As JITGATE_EVENT has it"),
            VarlinkMember("count", "int"),
        ]

        package var event: String
        package var count: Int64

        package init(_ event: String, _ count: Int64) {
            self.event = event
            self.count = count
        }
    }

    package static let members = [
        VarlinkMember("since", "string", "When the agent started"),
        VarlinkMember("events", "[]EventCount", "Records written since, of every kind of event"),
        VarlinkMember(
            "denied_packets",
            "?int",
            "Packets that nothing admitted, as the kernel counts them; null where it does not say"
        ),
        VarlinkMember("denied_bytes", "?int"),
    ]

    /// The start of the agent, by the wall clock.
    package var since: Moment
    package var events: [EventCount]
    /// The packets and their bytes that nothing admitted; in observe mode they passed.
    ///
    /// The kernel's counter outlives the agent, but not a reboot.
    package var deniedPackets: Int64?
    package var deniedBytes: Int64?

    package init(
        since: Moment,
        events: [EventCount],
        deniedPackets: Int64? = nil,
        deniedBytes: Int64? = nil
    ) {
        self.since = since
        self.events = events
        self.deniedPackets = deniedPackets
        self.deniedBytes = deniedBytes
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        since = try object.value("since", Moment.init(parsing:))
        events = try object.list("events")
        deniedPackets = try object.optional("denied_packets", \.number)
        deniedBytes = try object.optional("denied_bytes", \.number)
    }

    package var jsonValue: JSONValue {
        [
            "since": .string(since.description),
            "events": .array(events.map(\.jsonValue)),
            "denied_packets": JSONValue(deniedPackets),
            "denied_bytes": JSONValue(deniedBytes),
        ]
    }
}

extension AgentCounters.EventCount {
    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        event = try object.text("event")
        count = try object.number("count")
    }

    package var jsonValue: JSONValue {
        ["event": .string(event), "count": .integer(count)]
    }
}
