package import Conditions
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
            "\(AgentConditions.heldTime(seconds: seconds, sinceRecord: since)), at \(time)"
        }

        package var condition: Condition {
            AgentConditions.clockHeld(seconds: seconds, sinceRecord: since)
        }
    }
}
