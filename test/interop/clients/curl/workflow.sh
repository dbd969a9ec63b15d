#!/bin/bash
# The short workflow with curl. BINDING is "multipart" (forms with the raw bytes of a file, as the API's documentation shows)
# or "envelope" (hand-made SOAP 1.1 messages). The last answer is in $answer, without its line ends.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
document=$INTEROP_FOLDER/cargo.bin
chunk_size=262144
answer=
why=

# call OPERATION NAME=VALUE…, where NAME=@FILE is the content of a file.
call() {
  local operation=$1 argument
  shift
  if [ "$INTEROP_BINDING" = multipart ]; then
    local fields=()
    for argument; do
      if [[ $argument == *=@* ]]; then fields+=(-F "$argument"); else fields+=(--form-string "$argument"); fi
    done
    curl -sS -m 60 -o "$work/answer" "${fields[@]}" "$INTEROP_URL/$operation" 2>"$work/error"
  else
    {
      printf '<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">\n <s:Body>\n'
      printf '  <t:%s xmlns:t="http://tempuri.org/">\n' "$operation"
      for argument; do
        local name=${argument%%=*} value=${argument#*=}
        printf '<t:%s>' "$name"
        if [[ $value == @* ]]; then base64 "${value#@}"; else printf %s "${value//&/&amp;}"; fi
        printf '</t:%s>\n' "$name"
      done
      printf '  </t:%s>\n </s:Body>\n</s:Envelope>\n' "$operation"
    } >"$work/request"
    curl -sS -m 60 -o "$work/answer" -H 'Content-Type: text/xml; charset=utf-8' \
      -H "SOAPAction: http://tempuri.org/$operation" --data-binary @"$work/request" "$INTEROP_URL" 2>"$work/error"
  fi || { why=$(tr '\n' ' ' <"$work/error"); return 1; }
  answer=$(tr -d '\r\n\0' <"$work/answer")
}

# The value of an attribute of the answer's element.
attribute() { sed -n "s/.* $1=\"\([^\"]*\)\".*/\1/p" <<<"$answer"; }

expect() {
  while [ $# -gt 0 ]; do
    [ "$(attribute "$1")" = "$2" ] || { why="$1 should be '$2' in ${answer:0:300}"; return 1; }
    shift 2
  done
}

# The CRC-32 of a file as eight hexadecimal digits: gzip's trailer has it.
crc32() { gzip -1 <"$1" | tail -c 8 | head -c 4 | od -An -tx4 --endian=little | tr -d ' '; }

step() {
  why=
  if "$2"; then echo "ok: $1"; else echo "not ok: $1: ${why:-see $2}"; fi
}

log_in() {
  call AuthenticateUser UID="$INTEROP_USER" PWD="$INTEROP_PASSWORD" && expect success true username "$INTEROP_USER" && ticket=$(attribute ticket)
}
make_folder() {
  local name=${INTEROP_FOLDER#/Public/}
  call CreateFolder authenticationTicket="$ticket" Path="$INTEROP_FOLDER" && expect success true FolderName "${name//&/&amp;}"
}
send() {
  call UploadFileChunk authenticationTicket="$ticket" uploadHandler="$upload" fileChunk=@"$1" chunkHEXCRC="$2" lastChunk="$3"
}
send_wrong_chunk() {
  call CreateUploadHandler authenticationTicket="$ticket" PreferedChunkSize=1 && expect ChunkSize $chunk_size || return 1
  upload=$(attribute UploadHandler)
  split -b $chunk_size -d -a 4 "$INTEROP_FILE" "$work/chunk."
  send "$work/chunk.0000" 0BADC0DE false && expect success false tryagain true
}
send_chunks() {
  local chunk last=false final
  final=$(ls "$work"/chunk.* | tail -1)
  for chunk in "$work"/chunk.*; do
    [ "$chunk" = "$final" ] && last=true
    send "$chunk" "$(crc32 "$chunk")" $last && expect success true tryagain false || return 1
  done
  expect filehexcrc "$(crc32 "$INTEROP_FILE" | tr a-f A-F | sed 's/^0*//')"
}
commit() {
  call UploadDocumentWithHandler authenticationTicket="$ticket" path="$document" uploadHandler="$upload" && expect success true VersionId 1000000
}
read_chunks() {
  call GetDownloadHandler AuthenticationTicket="$ticket" Path="$document" PreferedChunkSize=1 &&
    expect success true Size "$(stat -c %s "$INTEROP_FILE")" CRC32 "$(crc32 "$INTEROP_FILE")" || return 1
  local download last=false offset=0
  download=$(attribute downloadhandler)
  : >"$work/received"
  while [ $last = false ]; do
    call DownloadFileChunk authenticationTicket="$ticket" DownloadHandler="$download" StartOffset=$offset ChunkSize=$chunk_size &&
      expect success true || return 1
    sed -n 's/.*<response[^>]*>\([^<]*\)<.*/\1/p' <<<"$answer" | base64 -d >"$work/part"
    expect chunklength "$(stat -c %s "$work/part")" chunkCRC32 "$(crc32 "$work/part")" || return 1
    cat "$work/part" >>"$work/received"
    offset=$((offset + $(attribute chunklength)))
    last=$(attribute lastchunk)
  done
}
compare() {
  why="the bytes differ"
  cmp -s "$INTEROP_FILE" "$work/received"
}
read_at_once() {
  call DownloadDocument authenticationTicket="$ticket" Path="$document" || return 1
  why="the bytes differ"
  if [ "$INTEROP_BINDING" = multipart ]; then
    cmp -s "$INTEROP_FILE" "$work/answer"
  else
    sed -n 's/.*<DownloadDocumentResult>\([^<]*\)<.*/\1/p' <<<"$answer" | base64 -d | cmp -s "$INTEROP_FILE" -
  fi
}
ask_for_nothing() {
  call GetDownloadHandler AuthenticationTicket="$ticket" Path="$INTEROP_FOLDER/nothing.bin" PreferedChunkSize=0 &&
    expect success false error 'Document not found.'
}
read_fault() {
  call CreateUploadHandler authenticationTicket="$ticket" PreferedChunkSize=many || return 1
  why=${answer:0:400}
  if [ "$INTEROP_BINDING" = multipart ]; then
    [[ $answer == 'Cannot convert many to System.Int32.'* ]]
  else
    [[ $answer == *'<faultcode>soap:Client</faultcode><faultstring>Server was unable to read request. ---&gt; '* ]]
  fi
}
log_out() {
  call LogOut AuthenticationTicket="$ticket" && expect success true &&
    call CreateUploadHandler authenticationTicket="$ticket" PreferedChunkSize=0 && expect success false error '[901] Session expired or Invalid ticket'
}

ticket= upload=
step 'logs in' log_in
step 'makes a folder' make_folder
step 'is told to try a chunk with a wrong CRC again' send_wrong_chunk
step 'sends a file in chunks' send_chunks
step 'commits it' commit
step 'reads it in chunks with the right CRCs' read_chunks
step 'has the bytes it sent' compare
step 'reads it in one call' read_at_once
step 'is told that a document is missing' ask_for_nothing
step 'reads a fault' read_fault
step 'logs out, and the ticket is dead' log_out
