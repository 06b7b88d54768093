import Conditions
import StrictJSON
import Testing

@testable import Diagnosis

@Suite struct `The results of doctor` {
    private let full = AuditConditions.logFull("/l", because: "no space left")
    private let way = PolicyConditions.noWayBack("/p")

    @Test func `have what the agent states after the results of its area`() {
        let own: [CheckResult] = [.passed(.policy, "enforces"), .passed(.clock, "synchronised")]
        let merged = Diagnosis.merge(own, [full, way])
        #expect(merged == [own[0], .found(way), own[1], .found(full)])
        #expect(merged.conditions == [way, full] && !merged.isHealthy)
        #expect(own.isHealthy && own.conditions.isEmpty)
    }

    @Test func `tell once what both have found, and of other subjects, too`() {
        let other = PolicyConditions.noWayBack("/other")
        let merged = Diagnosis.merge([.found(way), .found(other)], [way.since(nil)])
        #expect(merged == [.found(other), .found(way)])
    }

    @Test func `have the words of text and JSON`() {
        let result = CheckResult.found(way)
        #expect(result.mark == "warning" && result.area == "policy")
        #expect(CheckResult.passed(.clock, "synchronised").mark == "ok")
        let json = [result, .passed(.clock, "synchronised")].jsonValue
        #expect(json["healthy"] == true)
        #expect(json["conditions"]?.items == [way.jsonValue])
        #expect(json["passed"]?.items == [["area": "clock", "message": "synchronised"]])
    }
}
