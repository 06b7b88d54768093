package import Conditions
package import StrictJSON
package import Varlink

extension AgentStatus {
    /// Time that does not go back with the wall clock.
    package struct HeldTime: VarlinkCodable {
        /// How far it is ahead of the wall clock.
        package var seconds: Int
        /// RFC 3339; what it is.
        package var time: String
        /// The last record whose wall clock showed that time.
        package var since: Int?

        package init(seconds: Int, time: String, since: Int?) {
            self.seconds = seconds
            self.time = time
            self.since = since
        }

        package init(from value: JSONValue) throws(MemberError) {
            let object = try VarlinkObject(value)
            seconds = Int(try object.number("seconds"))
            time = try object.text("time")
            since = try object.optional("since", \.number).map(Int.init(clamping:))
        }

        package var jsonValue: JSONValue {
            [
                "seconds": .integer(Int64(seconds)), "time": .string(time),
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
