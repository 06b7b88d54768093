import Dispatch
import Grants
import HubSettings
import Transfer

/// Sends messages to one webhook, on a thread of its own while it does.
struct WebhookSender: Sendable {
    /// The effect of an attempt.
    enum Outcome: Hashable, Sendable {
        case delivered
        case failed(String)
        /// The hub stops.
        case stopped
    }

    private static let time: Duration = .seconds(10)
    /// The bytes of an answer that are read.
    private static let limit = 64 << 10

    private let webhook: Webhook
    private let stop: StopPipe
    private let queue: DispatchQueue

    init(_ webhook: Webhook, stoppingAt stop: StopPipe) {
        (self.webhook, self.stop) = (webhook, stop)
        queue = DispatchQueue(label: "jitgate-hub.webhook.\(webhook.name)")
    }

    /// Sends a message, and waits for the answer.
    func send(_ delivery: Delivery, at now: Moment) async -> Outcome {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: post(delivery, at: now)) }
        }
    }

    private func post(_ delivery: Delivery, at now: Moment) -> Outcome {
        var request = Request(webhook.url, limit: Self.limit)
        (request.method, request.body) = (.post, delivery.body)
        (request.time, request.keepsBody) = (Self.time, false)
        do throws(WebhookSecrets.Problem) {
            request.headers = try headers(of: delivery, at: now)
        } catch {
            return .failed("secret_file \(error.description)")
        }
        let agent = "jitgate-hub/\(Release.version)"
        guard
            let connection = DepotConnection(
                as: Identity(),
                agent: agent,
                stoppingAt: stop.descriptor
            )
        else { return .failed("out of memory") }
        return Self.outcome { () throws(TransferError) in try connection.perform(request).status }
    }

    private func headers(
        of delivery: Delivery,
        at now: Moment
    ) throws(WebhookSecrets.Problem) -> [(name: String, value: String)] {
        let timestamp = now.microseconds / 1_000_000
        var headers = [
            (name: "Content-Type", value: "application/json"),
            (name: "webhook-id", value: delivery.id),
            (name: "webhook-timestamp", value: String(timestamp)),
        ]
        if let path = webhook.secretFile {
            let signature = try WebhookSecrets(path: path)
                .signature(of: delivery.body, id: delivery.id, timestamp: timestamp)
            headers.append((name: "webhook-signature", value: signature))
        }
        return headers
    }

    private static func outcome(_ status: () throws(TransferError) -> Int) -> Outcome {
        do throws(TransferError) {
            let status = try status()
            switch status {
            case 200..<300: return .delivered
            case 300..<400: return .failed("it answered \(status), and no redirect is followed")
            default: return .failed("it answered \(status)")
            }
        } catch {
            switch error {
            case .stopped, .interrupted: return .stopped
            case .tooLong: return .failed("the head of its answer is too long")
            case .unanswered(let reason): return .failed(reason)
            }
        }
    }
}
