import Depot
import FetchSettings
import Grants
import Linux
import SystemPackage

/// Puts the status of this host into the depot, and once a day the proof that its log only grew.
///
/// Whatever becomes of it, the depot is asked for files as before.
struct StatusReporter {
    private static let day: Int64 = 86_400_000_000

    private let agent: AgentLine
    private let reader: DepotReader
    private let sizesPath: String
    private var cadence: ReportCadence
    private var sizes: ReportedSizes
    /// The day of the last proof that was taken, since 1970.
    private var provedDay: Int64?

    /// Fails if no status is to be reported.
    init?(_ configuration: FetchConfiguration, _ reader: DepotReader, first: Duration) {
        guard let every = configuration.reportEvery else { return nil }
        agent = AgentLine(path: configuration.agentSocket)
        self.reader = reader
        sizesPath = configuration.reportedPath
        cadence = ReportCadence(every: every, first: first)
        let limit = ReportedSizes.fileLimit
        let bytes = try? SmallFile.read(sizesPath, limit: limit, awaiting: false)
        sizes = ReportedSizes(parsing: bytes ?? [])
    }

    /// The moment of the next report.
    var due: Duration { cadence.due }
    /// The descriptor on which the agent says that something has changed.
    var descriptor: Int32? { agent.descriptor }

    /// The agent said that something has changed, or hung up.
    mutating func changed() {
        agent.hangUp()
        cadence.changed(at: Carrier.now)
    }

    /// Puts what is due; returns whether the process is to end.
    mutating func report(
        _ board: inout StateBoard,
        using random: inout some RandomNumberGenerator
    ) -> Bool {
        do throws(ReportFailure) {
            try put(&board)
            cadence.reported(at: Carrier.now, using: &random)
            if agent.hasChanged { changed() }
        } catch {
            switch error {
            case .stopped: return true
            case .failed(let reason, let retryAfter):
                board.reportFailed(reason)
                cadence.failed(at: Carrier.now, retryAfter: retryAfter, using: &random)
            }
        }
        board.save(at: Carrier.now)
        return false
    }

    private mutating func put(_ board: inout StateBoard) throws(ReportFailure) {
        let host = try Self.hostName()
        board.expectReport(DepotObject.status(host))
        let note = try ask { () throws(AgentLineError) in try agent.attest() }
        guard let size = Self.size(of: note) else {
            throw .failed("the agent: its note has no checkpoint", retryAfter: nil)
        }
        if sizes.add(size) { keepSizes() }
        try put(note, as: .status(host))
        board.reported()
        let today = StateBoard.wallClock.microseconds / Self.day
        guard provedDay != today else { return }
        let covered = sizes.sizes
        let proof = try ask { () throws(AgentLineError) in try agent.prove(covered) }
        try put(proof, as: .proof(host))
        provedDay = today
        board.proved()
    }

    private func put(_ text: String, as object: DepotObject) throws(ReportFailure) {
        let refusal: DepotReader.Refusal?
        do throws(RoundEnd) {
            refusal = try reader.put(Array(text.utf8), as: object)
        } catch {
            throw .stopped
        }
        guard let refusal else { return }
        throw .failed("\(object.path): \(refusal.reason)", retryAfter: refusal.retryAfter)
    }

    private func ask(_ question: () throws(AgentLineError) -> String) throws(ReportFailure)
        -> String
    {
        do throws(AgentLineError) {
            return try question()
        } catch {
            throw .failed(error.description, retryAfter: nil)
        }
    }

    private func keepSizes() {
        // Without it the next proof covers less, which a witness says.
        _ = try? AtomicFile.replace(sizesPath, with: sizes.encoded, mode: 0o640)
    }

    private static func hostName() throws(ReportFailure) -> ShelfName {
        let hostname = (try? HostFacts.readHostname()) ?? ""
        guard let name = ShelfName(hostname.lowercased()) else {
            let text = "the host name `\(hostname)` cannot be that of an object"
            throw .failed(text, retryAfter: nil)
        }
        return name
    }

    /// The number of records in the checkpoint of a note: its fourth line.
    private static func size(of note: String) -> Int64? {
        let lines = note.utf8.split(separator: UInt8(ascii: "\n"), maxSplits: 4)
        return lines.count == 5 ? Int64(String(decoding: lines[3], as: UTF8.self)) : nil
    }
}

/// The reason why a status was not reported.
enum ReportFailure: Error {
    /// The process is to end.
    case stopped
    case failed(String, retryAfter: Duration?)
}
