package import Grants
package import StrictJSON
package import Varlink

extension AgentStatus {
    /// Time that does not go back with the wall clock.
    package struct HeldTime: VarlinkCodable {
        package static let members = [
            VarlinkMember("seconds", "int", "How far it is ahead"),
            VarlinkMember("time", "string", "What it is"),
            VarlinkMember("since", "?int", "The last record whose wall clock showed it"),
        ]

        /// From how many seconds on it is worth a look: grants are for hours.
        private static let least = 60

        /// The seconds by which it is ahead of the wall clock.
        package var seconds: Int
        /// The time that is held.
        package var time: Moment
        /// The last record whose wall clock showed that time.
        package var since: Int?

        package init(seconds: Int, time: Moment, since: Int?) {
            self.seconds = seconds
            self.time = time
            self.since = since
        }

        package init(from value: JSONValue) throws(VarlinkError) {
            let object = try VarlinkObject(value)
            seconds = Int(try object.number("seconds"))
            time = try object.value("time", Moment.init(parsing:))
            since = try object.optionalCount("since")
        }

        package var jsonValue: JSONValue {
            [
                "seconds": .integer(Int64(seconds)), "time": .string(time.description),
                "since": since.map { .integer(Int64($0)) } ?? .null,
            ]
        }

        /// One clause for people.
        package var text: String {
            let since = since.map { " since record \($0)" } ?? ""
            return "\(Self.beginning)\(length) ahead of the wall clock\(since), at \(time)"
        }

        private var length: String {
            let units = [(86_400, "days"), (3600, "hours"), (60, "minutes")]
            let unit = units.first { seconds >= 2 * $0.0 } ?? (1, "seconds")
            return "\(seconds / unit.0) \(unit.1)"
        }

        private static let beginning = "time is held "

        /// Whether a problem is that of held time, whenever it was told.
        package static func isToldBy(_ problem: String) -> Bool { problem.hasPrefix(beginning) }

        /// The consequence for grants, where it has one.
        package var problem: String? {
            guard seconds >= Self.least else { return nil }
            return text
                + ": no grant opens that expires before that; once the wall clock is right, "
                + "`jitgate clock accept` ends what is live and takes its word"
        }
    }
}
