import Conditions
import Grants
import Linux

/// The conditions of this host, as the parts of the agent find them.
///
/// A part sets all conditions of a code when they change, and each code has one part that sets it.
final class HostConditions {
    private var list = ConditionList()
    /// Counts the changes.
    private(set) var revision: UInt64 = 0
    /// The last reading of the clocks: conditions that are found now arose then.
    private var reading: ClockReading

    init(at reading: ClockReading = .now()) {
        self.reading = reading
    }

    /// The gravest first.
    var all: [Condition] { list.all }

    /// The gravest condition, if it is an error.
    var worst: Condition? { all.first.flatMap { $0.severity == .error ? $0 : nil } }

    /// A turn begins.
    func begin(at reading: ClockReading) { self.reading = reading }

    /// The conditions of a code that hold now, in place of those that held before.
    func set(_ code: ConditionCode, _ conditions: [Condition], at reading: ClockReading? = nil) {
        let now = Moment(microseconds: (reading ?? self.reading).wallMicroseconds)
        if list.set(code, conditions, at: now) { revision += 1 }
    }

    /// The condition that holds now, if one of a code does.
    func set(_ code: ConditionCode, _ condition: Condition?, at reading: ClockReading? = nil) {
        set(code, condition.map { [$0] } ?? [], at: reading)
    }
}
