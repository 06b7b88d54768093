import Grants
import HubStorage
import Logging
import ServiceLifecycle

/// The work on requests that no call waits for: they lapse, and hosts come to take them.
///
/// It sleeps until the next request is over, or until something has changed.
actor RequestUpkeep: Service {
    /// The time in which changes of hosts are gathered before requests are looked at again.
    private static let gathering: Duration = .seconds(5)

    private let desk: RequestDesk
    private let changes: ChangeFeed
    private let logger: Logger
    private var lapse: Task<Void, Never>?
    private var look: Task<Void, Never>?

    init(_ desk: RequestDesk, _ changes: ChangeFeed, logger: Logger) {
        (self.desk, self.changes, self.logger) = (desk, changes, logger)
    }

    func run() async {
        let news = changes.listen().news
        setLapse()
        lookAgain()
        for await news in news {
            switch news {
            case .everything:
                setLapse()
                lookAgain()
            case .changes(let changes):
                if changes.contains(where: { $0.topic == .request }) { setLapse() }
                let isAboutHosts = changes.contains {
                    $0.topic == .status || $0.topic == .inventory
                }
                if isAboutHosts { lookAgain() }
            }
        }
        lapse?.cancel()
        look?.cancel()
    }

    /// Ends what is over now, and waits for the next.
    private func setLapse() {
        lapse?.cancel()
        lapse = Task { [desk, logger] in
            while !Task.isCancelled {
                do throws(RequestError) {
                    guard let next = try await desk.lapsing.lapseDue() else { return }
                    try? await Task.sleep(for: max(.milliseconds(1), next - desk.now()))
                } catch {
                    logger.error("no request lapses", metadata: ["reason": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    /// Looks at all requests again in a moment, once for all changes until then.
    private func lookAgain() {
        guard look == nil else { return }
        look = Task {
            try? await Task.sleep(for: Self.gathering)
            guard !Task.isCancelled else { return }
            look = nil
            do throws(RequestError) {
                try await desk.publication.reconsiderAll()
            } catch {
                logger.error("requests were not looked at", metadata: ["reason": "\(error)"])
            }
        }
    }
}
