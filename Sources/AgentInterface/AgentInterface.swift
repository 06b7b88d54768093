/// The Varlink interfaces of the agent, described in Varlink's own language.
package enum AgentInterface {
    package static let name = "io.jitgate.Agent"

    /// What GetInterfaceDescription answers; names and types of the wire are taken from here.
    package static let description = """
        # The agent of jitgate: which grants hold this host's management ports open, and until when.
        # Moments are RFC 3339 in UTC. Root may change, the control group may read.
        interface io.jitgate.Agent

        # A grant and what became of it
        type Grant (
          # UUID in lower case
          id: string,
          state: (waiting, open, draining, ended),
          requestor: string,
          # Principals of allowed_signers whose approvals it carries
          signers: []string,
          justification: ?string,
          # CIDRs
          sources: []string,
          # Such as 22/tcp
          ports: []string,
          # When access began; null while waiting
          opened: ?string,
          # When access ends or ended; for a waiting grant, when it would at the latest
          deadline: string,
          # While it drains: until when its sessions may go on, and how many there are
          drain_until: ?string,
          sessions: ?int,
          # Until the deadline, or the end of draining; 0 once ended
          seconds_left: int,
          # Matched by its openings; null while nothing counted them
          packets: ?int,
          bytes: ?int,
          # Connections it let in
          connections: ?int,
          # Path of the file it came from
          file: ?string
        )

        # The agent's time does not go back with the wall clock
        type HeldTime (
          # How far it is ahead
          seconds: int,
          # What it is
          time: string,
          # The last record whose wall clock showed it
          since: ?int
        )

        # One thing that is wrong with the host, or worth knowing; docs/CONDITIONS.md lists them
        type Condition (
          # A stable word, such as log-full
          code: string,
          severity: (note, warning, error),
          # The path, port, network or chain that it is about
          subject: string,
          # When it arose, by the wall clock; null if that is not known
          since: ?string,
          # A clause for people
          message: string,
          # A command, or what else there is to do
          remedy: ?string
        )

        # How the agent is
        method Status() -> (
          mode: (observe, enforce),
          healthy: bool,
          # What is wrong with the host, the gravest first; healthy if none is an error
          conditions: []Condition,
          open_grants: int,
          waiting_grants: int,
          draining_grants: int,
          # That drain, or were there when enforcing began
          ongoing_sessions: int,
          # The first deadline of an open grant
          next_deadline: ?string,
          protected_ports: []string,
          # Networks that are never denied
          trusted: []string,
          version: string,
          # 32 hex digits
          boot_id: string,
          # How many records the audit log holds
          records: int,
          # Which protection of the table this kernel gives
          rung: string,
          # When the policy on trial gives way unless it is confirmed; null without a trial
          trial_until: ?string,
          # Time that is held ahead of the wall clock; null if it is not
          held_time: ?HeldTime
        )

        # The grants that wait, are open or drain; with all, those that ended too
        method List(all: ?bool) -> (grants: []Grant)

        # Ends these grants now, draining ones too, or with all every one and every session that was
        # there when enforcing began; all or nothing
        method Revoke(ids: ?[]string, all: ?bool, reason: string) -> (revoked: []string)

        # What became of a dropped file; with more, waits while it is pending
        method Verdict(file: string, sha256: string) -> (
          outcome: (pending, accepted, refused),
          # The grants it is about, once the file could be read
          ids: []string,
          # Why it was refused: a code for programs and a clause for people
          code: ?string,
          reason: ?string,
          # When its access ends, once it is open
          deadline: ?string
        )

        # Loads the policy that is on disk
        method Reload(
          # The caller's own, as sshd writes SSH_CONNECTION: they go on before all others
          sessions: ?[]string
        ) -> (
          mode: (observe, enforce),
          protected_ports: []string,
          # Sessions that found no room among those that go on
          sessions_left_out: int
        )

        # Puts the policy that is on disk on trial; default 120 seconds, at most a day
        method Try(seconds: ?int, sessions: ?[]string) -> (
          mode: (observe, enforce),
          protected_ports: []string,
          # When the policy before it comes back, unless Confirm is called
          until: string,
          sessions_left_out: int
        )

        # Keeps the policy that is on trial
        method Confirm() -> (
          mode: (observe, enforce),
          protected_ports: []string,
          # When the trial began
          sessions_left_out: int
        )

        # Ends every grant with the reason clock and takes the wall clock's word, which is behind
        method AcceptClock() -> (
          # The agent's time from now on
          time: string,
          ended: []string
        )

        # Would a packet from this address or network to this port pass now
        method Explain(source: string, port: string) -> (
          passes: bool,
          mode: (observe, enforce),
          # What decides
          rule: (unprotected, loopback, trusted, grant, observe, denied),
          # The trusted network, or the source of the opening, that covers it
          network: ?string,
          # The grants that hold that opening
          grants: []string,
          # When the last of them ends
          until: ?string,
          # What the kernel's own table says of it; unknown where it could not be read
          kernel: (agrees, differs, unknown),
          # The chain of another tool that drops it all the same; passes is false then
          dropped_by: ?string,
          # Chains of other tools that drop it unless something is so that only they know
          may_be_dropped_by: []string
        )

        # A chain of another tool that packets to this host go through
        # What a chain does with a packet that opens a connection to a protected port
        type Fate (
          # Such as 22/tcp
          port: string,
          # By what differs from packet to packet (source, interface, …): passes from everywhere,
          # may be dropped, is dropped but for exceptions, is dropped from everywhere
          end: (passes, mayDrop, mayPass, drops),
          # The chain whose rule drops it; null for the policy of the base chain
          dropped_in: ?string,
          # The port it is, or may be, rewritten to
          rewritten_to: ?int,
          rewritten_in: ?string
        )

        type Chain (
          # ip, ip6, inet or netdev
          family: string,
          table: string,
          name: string,
          # prerouting, input or ingress
          hook: string,
          priority: int,
          # Whether packets that no rule of it takes are dropped
          drops: bool,
          # filter, nat or route
          type: string,
          # One for each protected port; null where the rules could not be read
          fates: ?[]Fate
        )

        # A way by which packets reach this host that not all of the gate sees
        type Detour (
          # An ip rule, an address that is local by another table, a rule of tproxy, a transparent
          # listener, a flowtable
          kind: (rule, route, diversion, transparent, flowtable),
          # As ip or nft names it
          name: string,
          # The port that it leads to, if it is known and the kind has one
          port: ?string
        )

        # What only the agent can see of the kernel
        method Inspect() -> (
          rung: string,
          # Null where they could not be read
          chains: ?[]Chain,
          # Null where not all of them could be read
          detours: ?[]Detour
        )

        # Has the audit log of a cloned machine go on under a new key, which it answers
        method Rekey() -> (key: string)

        # Needs more: a null record first, then each record of the audit log as it is written
        method Watch() -> (record: ?object)

        error NoSuchGrant (ids: []string)
        error ReloadRefused (problems: []string)
        # Confirm without a policy on trial
        error NoTrial ()
        # AcceptClock while the agent's time is not ahead of the wall clock
        error ClockNotHeld ()
        error Failed (reason: string)

        """
}
