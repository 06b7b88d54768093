import Grants
import Scheduling
import StrictJSON

/// The agent's time as the snapshot keeps it: as JSON, all in microseconds.
enum ClockForm {
    static func json(_ clock: TimeLowerBound) -> JSONValue {
        guard let timeline = clock.timeline else { return .null }
        return [
            "boot_id": .string(clock.bootID), "boot": .integer(timeline.boot),
            "wall": .integer(timeline.wallOffset), "closing": .integer(timeline.offset),
            "opening": .integer(timeline.openingOffset),
            "standing": .array(pair(timeline.steadyOffset.offset, timeline.steadyOffset.since)),
            "steps": .array(timeline.steps.map { .array(pair($0.offsetBefore, $0.boot)) }),
            "floor": .integer(timeline.floor.microseconds),
            "reached_in": clock.reachedIn.map { .integer(Int64(clamping: $0)) } ?? .null,
        ]
    }

    private static func pair(_ first: Int64, _ second: Int64) -> [JSONValue] {
        [.integer(first), .integer(second)]
    }

    static func clock(_ json: JSONValue?) -> TimeLowerBound? {
        guard let json, json != .null else { return TimeLowerBound() }
        let number = { (name: String) in json[name]?.number }
        guard let bootID = json["boot_id"]?.text, let boot = number("boot") else { return nil }
        if let moment = json["moment"] { return earlier(moment.number, boot, bootID) }
        guard let wall = number("wall"), let closing = number("closing"),
            let opening = number("opening"), let steady = pair(json["standing"]),
            let steps = json["steps"]?.items?.map(pair), !steps.contains(where: { $0 == nil })
        else { return nil }
        var timeline = Timeline(
            boot: boot,
            wallOffset: wall,
            offset: closing,
            openingOffset: opening,
            steadyOffset: .init(offset: steady.0, since: steady.1),
            steps: steps.compactMap(\.self).map { .init(offsetBefore: $0.0, boot: $0.1) }
        )
        // A snapshot without it is of before there were bulletins.
        if let floor = number("floor") { timeline.keepAbove(Moment(microseconds: floor)) }
        let reachedIn = number("reached_in").flatMap(UInt64.init(exactly:))
        return TimeLowerBound(timeline: timeline, bootID: bootID, reachedIn: reachedIn)
    }

    /// The time as the first versions kept it: the moment reached, if any was, and when.
    private static func earlier(_ moment: Int64?, _ boot: Int64, _ bootID: String) -> TimeLowerBound
    {
        let wall = moment.map(Moment.init(microseconds:))
        let timeline = wall.map { Timeline(wall: $0, boot: boot) }
        return TimeLowerBound(timeline: timeline, bootID: bootID, reachedIn: nil)
    }

    private static func pair(_ json: JSONValue?) -> (Int64, Int64)? {
        guard let items = json?.items, items.count == 2, let first = items[0].number,
            let second = items[1].number
        else { return nil }
        return (first, second)
    }
}
