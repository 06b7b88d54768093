import ArgumentParser
import CommandSupport
import Grants
import Robot
import StrictJSON

struct CheckTicketCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-ticket",
        abstract: "As a check of a robot: allow access while a ticket is open.",
        discussion: """
            It reads the question of `jitgate-fleet robot` on its standard input, asks the service for the \
            ticket, and prints the answer. Paths lead into the JSON of the service: fields.status.name, \
            shifts[0].end, users[*].email. Times there are in RFC 3339. A request without a ticket is \
            denied, or left to people with --pass-without.

            A program of checks.d that the robot runs:

              #!/bin/sh
              exec jitgate-fleet check-ticket \\
                --url 'https://tickets.example.com/api/{ticket}' \\
                --token-file /etc/jitgate/tickets.token --path fields.status.name \\
                --open approved,'in progress' --begin fields.start --end fields.end

            Exit status: 0 answered; 1 there is no answer, which means no; 2 usage; else as in \
            sysexits.h: 66 no input, 69 the service does not answer.
            """
    )

    @Option(help: ArgumentHelp("The place of the ticket's state.", valueName: "path"))
    var path: String

    @Option(help: ArgumentHelp("The states that allow access, with commas.", valueName: "states"))
    var open: String

    @Option(help: ArgumentHelp("The place of the window's beginning.", valueName: "path"))
    var begin: String?

    @Option(help: ArgumentHelp("The place of the window's end.", valueName: "path"))
    var end: String?

    @Flag(help: "Leave requests without a ticket to people.")
    var passWithout = false

    @OptionGroup var service: ServiceOptions

    func perform(on console: Console) throws(CommandFailure) {
        let check = TicketCheck(
            state: try JSONPath.named("--path", path),
            open: open.split(separator: ",").map(String.init),
            begin: try JSONPath.optional("--begin", begin),
            end: try JSONPath.optional("--end", end)
        )
        let asked = try console.askedRequest()
        guard asked.ticket != nil else {
            let reason = "the request has no ticket"
            return service.print(
                passWithout ? .pass(reason: reason) : .deny(reason: reason),
                on: console
            )
        }
        switch try service.document(about: asked, console) {
        case nil:
            service.print(.deny(reason: "there is no ticket \(asked.ticket ?? "")"), on: console)
        case let document?:
            service.print(
                check.answer(asked, document, time: console.serviceTime),
                on: console
            )
        }
    }
}

struct CheckOnCallCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-on-call",
        abstract: "As a check of a robot: allow access for those on call.",
        discussion: """
            It reads the question of `jitgate-fleet robot` on its standard input, asks the service for \
            the shifts, and prints the answer: allow, until the end of the shift, if the requestor is the \
            person of one of them.

            A program of checks.d that the robot runs:

              #!/bin/sh
              exec jitgate-fleet check-on-call \\
                --url https://oncall.example.com/api/shifts?now=true \\
                --token-file /etc/jitgate/oncall.token --list 'oncalls[*]' \\
                --name user.email --end end

            Exit status: 0 answered; 1 there is no answer, which means no; 2 usage; else as in \
            sysexits.h: 66 no input, 69 the service does not answer.
            """
    )

    @Option(help: ArgumentHelp("The place of the shifts.", valueName: "path"))
    var list: String

    @Option(help: ArgumentHelp("The place of the person in a shift.", valueName: "path"))
    var name: String

    @Option(help: ArgumentHelp("The place of the end in a shift.", valueName: "path"))
    var end: String?

    @OptionGroup var service: ServiceOptions

    func perform(on console: Console) throws(CommandFailure) {
        let check = OnCallCheck(
            shifts: try JSONPath.named("--list", list),
            name: try JSONPath.named("--name", name),
            end: try JSONPath.optional("--end", end)
        )
        let asked = try console.askedRequest()
        guard let document = try service.document(about: asked, console) else {
            throw CommandFailure(.unavailable, "the service has no such page: look at --url")
        }
        service.print(check.answer(asked, document, time: console.serviceTime), on: console)
    }
}

extension JSONPath {
    static func named(_ option: String, _ text: String) throws(CommandFailure) -> JSONPath {
        do throws(TextError) {
            return try JSONPath(parsing: text)
        } catch {
            throw CommandFailure(.usage, "\(option): \(error)")
        }
    }

    static func optional(_ option: String, _ text: String?) throws(CommandFailure) -> JSONPath? {
        guard let text else { return nil }
        return try named(option, text)
    }
}

extension Console {
    /// A time as a service writes it.
    func serviceTime(_ text: String) -> Moment? {
        guard text.dropFirst(10).hasPrefix("T") else { return nil }
        return try? TimeArgument(now: now(), secondsEast: secondsEast).moment(text)
    }
}
