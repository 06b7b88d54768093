import Testing

@testable import Diagnosis

@Suite struct `The forecast of a log's disk` {
    private static let gigabyte: UInt64 = 1_000_000_000

    @Test func `says in how many days it is full, by what it took`() {
        let growth = LogGrowth(bytesPerDay: 20_000_000, isMeasured: true, retention: nil)
        #expect(growth.days(until: 10 * Self.gigabyte) == 500)
        let text = growth.forecast(500)
        #expect(text == "which 20 MB a day, as it grew lately, fill in 500 days")
    }

    @Test func `goes by the policy where the log is young`() {
        let growth = LogGrowth(bytesPerDay: 40_000_000, isMeasured: false, retention: nil)
        #expect(growth.forecast(1).contains("the most that policy lets strangers cause, 40 MB"))
        #expect(growth.forecast(1).hasSuffix("fills in 1 day"))
    }

    @Test func `knows that what is pruned does not fill it`() {
        let growth = LogGrowth(bytesPerDay: 20_000_000, isMeasured: true, retention: 30)
        #expect(growth.isPruned(within: 500) && !growth.isPruned(within: 29))
        #expect(growth.forecast(500).contains("audit.retention bounds it"))
    }

    @Test func `divides by nothing where nothing grows`() {
        let growth = LogGrowth(bytesPerDay: 0, isMeasured: true, retention: nil)
        #expect(growth.forecast(growth.days(until: .max)).hasSuffix("more than 100 years"))
    }
}
