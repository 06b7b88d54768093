import Conditions
import AgentSettings
import Depot
import Grants
import Linux
import SystemPackage

/// The depots that inboxes are filled from, as their carriers say.
struct DepotCheck {
    private(set) var results: [CheckResult] = []

    init(_ configuration: Configuration) {
        let now = Moment(microseconds: ClockReading.now().wallMicroseconds)
        for inbox in configuration.inboxes {
            let limit = CarrierReport.fileLimit
            let file = inbox.carrierState
            let bytes = try? SmallFile.read(file, limit: limit, awaiting: false)
            guard let report = CarrierReport(parsing: bytes ?? []) else { continue }
            // Who asks wants to know how it is now.
            let found = report.conditions(of: inbox.directory, at: now, patience: .zero)
            if found.silence == nil { results.append(.passed(.grants, "\(report.depot) answers")) }
            let conditions = [found.silence, found.gap, found.certificate].compactMap(\.self)
            results += conditions.map(CheckResult.found)
        }
    }
}
